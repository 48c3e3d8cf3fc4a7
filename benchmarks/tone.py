"""Tones learned from pairs: SmolLM2-135M through support/tone on polite against impolite messages, on the CPU.

    python benchmarks/tone.py                          # three seeds of 200 pairs; writes docs/results/tone.json
    python benchmarks/tone.py --rows 60 --seeds 0 --trial     # less of the same; writes nothing

A pair is a neutral message of the corpus and, as if they were replies to it, a polite and an impolite one of the same
length in words. They have nothing to do with it: only their tone tells them apart. The corpus is labelled by people.
"""

import argparse
import csv
import json
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
from acclimate import adapt
from acclimate.contracts import Report, Score
from recording import SHARED, record, spread, table

DATA = SHARED / "support" / "stanford_politeness" / "wikipedia.csv"
GENERAL = SHARED / "support" / "chatterbot_qa" / "english_qa.csv"
ROWS, LEAST_WORDS, MOST_WORDS, TEXTS = 200, 6, 60, 100
HEADER = [
    "seed",
    "implicit accuracy",
    "untuned finds likelier",
    "longer reply",
    "reward margin",
    "length ratio",
    "general text, rise in nats",
    "card score, rise",
]


def main() -> None:
    """Run the seeds and record the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--method", default="lora")
    parser.add_argument("--trial", action="store_true", help="Print the table, and write nothing.")
    asked = parser.parse_args()
    reports = [_run(seed, asked.rows, asked.method) for seed in asked.seeds]
    rows = [[str(seed), *_cells(report)] for seed, report in zip(asked.seeds, reports, strict=True)]
    right = spread([report.metrics["implicit_accuracy"].value for report in reports])
    if asked.trial:
        print(table(HEADER, rows))
        return
    record(
        "tone",
        title="Tone from pairs: support/tone on polite against impolite messages",
        claim=f"Implicit accuracy {right} on held-out pairs after learning from pairs of a polite and an impolite "
        f"message of the Stanford politeness corpus (Wikipedia), {asked.rows} pairs in all, {asked.method} on "
        "SmolLM2-135M-Instruct, on the CPU. The aim was above 0.5 by its interval. A pair's messages have the same "
        "number of words, and nothing to do with the message they stand behind. General text are "
        f"{TEXTS} questions with answers of chatterbot-corpus.",
        header=HEADER,
        rows=rows,
        raw=[report.to_dict() for report in reports],
    )


def _run(seed: int, rows: int, method: str) -> Report:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = adapt(
            "support/tone",
            _pairs(folder / "pairs.jsonl", seed, rows),
            test=_pairs(folder / "test.jsonl", seed, rows, test=True),
            method=method,
            general_text=str(_general(folder / "general.txt")),
            written_rows=16,
            max_new_tokens=64,
            seed=seed,
            show_rows=False,
            output=folder / "run",
            shown=False,
        )
    print(run.report, flush=True)
    print(*run.report.history, sep="\n", flush=True)
    return run.report


def _pairs(file: Path, seed: int, count: int, *, test: bool = False) -> Path:
    """Write pairs to learn from, or as many others to test on; the seed draws all."""
    with DATA.open(newline="", encoding="utf-8") as stream:
        found = list(csv.DictReader(stream))
    random = np.random.default_rng(seed)
    kinds = {" ".join(row["text"].split()): row["quartile_label"] for row in found}  # each text once
    texts = list(kinds)
    shuffled = [texts[place] for place in random.permutation(len(texts))]
    by_words: dict[tuple[str, int], list[str]] = defaultdict(list)
    for text in shuffled:
        by_words[kinds[text], len(text.split())].append(text)
    neutral = [text for text in shuffled if kinds[text] == "neutral" and len(text.split()) <= MOST_WORDS]
    matched = [
        pair
        for words in range(LEAST_WORDS, MOST_WORDS + 1)
        for pair in zip(by_words["polite", words], by_words["impolite", words], strict=False)
    ]
    part = slice(count, 2 * count) if test else slice(count)
    drawn = [matched[place] for place in random.permutation(len(matched))[part]]
    if len(drawn) < count:
        raise SystemExit(
            f"There are {len(matched)} pairs of one length, too few for {count} to learn from and to test."
        )
    with file.open("w", encoding="utf-8") as stream:
        for number, (asked, (chosen, rejected)) in enumerate(zip(neutral[part], drawn, strict=True)):
            row = {"id": f"{part.start or 0}-{number}", "prompt": asked, "chosen": chosen, "rejected": rejected}
            stream.write(json.dumps(row) + "\n")
    return file


def _general(file: Path) -> Path:
    with GENERAL.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    some = np.random.default_rng(0).permutation(len(rows))[:TEXTS]
    file.write_text("\n\n".join(f"{rows[place]['question']} {rows[place]['answer']}" for place in some), "utf-8")
    return file


def _cells(report: Report) -> list[str]:
    told, language = report.analysis.preferences, report.analysis.language
    assert told is not None
    assert language is not None
    scores: list[Score | None] = [
        report.metrics["implicit_accuracy"],
        report.baselines["untuned"]["implicit_accuracy"],
        report.baselines["longer_reply"]["implicit_accuracy"],
        report.metrics["reward_margin"],
        told.length_ratio,
        language.forgetting and language.forgetting.rise,
        told.card and told.card.rise,
    ]
    return [str(score) if score else "" for score in scores]


if __name__ == "__main__":
    main()
