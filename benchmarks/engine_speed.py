"""The engine against a hand-written PyTorch loop: same batches, same precision, alternating in one run."""

import argparse
import copy
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from acclimate import training
from acclimate.api import dealing, inputs
from acclimate.contracts import Columns, Need, Plan, Settings
from acclimate.models import resolve
from acclimate.plugins import Host
from acclimate.training.batching import LengthBatches
from recording import SHARED, record
from torch.nn.functional import cross_entropy
from transformers import get_cosine_schedule_with_warmup

DATA = SHARED / "finance" / "twitter_financial_news"


def by_hand(model: Any, plan: Plan, examples: Any, truth: np.ndarray, steps: int, precision: str) -> float:
    """Return the seconds that a plain loop takes for `steps` steps."""
    optimizer = torch.optim.AdamW(plan.groups(model), fused=True)
    schedule = get_cosine_schedule_with_warmup(optimizer, int(0.1 * steps), steps)
    targets = torch.from_numpy(truth)
    model.train()
    start = time.perf_counter()
    done = 0
    batches = LengthBatches(len(examples), examples.lengths, batch_size=plan.batch_size, seed=0)
    while done < steps:
        for rows in batches:
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
                logits = model(**examples.batch(rows))
            loss = cross_entropy(logits, targets[rows])
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            done += 1
            if done == steps:
                break
    return time.perf_counter() - start


def main() -> None:
    """Alternate and record the ratio pair by pair."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--steps", type=int, default=60)
    arguments = parser.parse_args()
    host = Host(discover=False)
    preset = host.preset("general/text-classification").preset
    precision = "bfloat16" if training.has_bfloat16() else "float32"
    settings = Settings(max_steps=arguments.steps)
    pairs = []
    with tempfile.TemporaryDirectory() as name, training.quiet_libraries():
        folder = Path(name)
        rows = inputs.read(
            host, "general", preset, str(DATA / "train.csv"), Columns(), folder / "train", part="train", labelled=True
        )
        dealt = dealing.deal({"train": rows}, preset, seed=0, max_rows=3000)
        parts, labels = dealt.parts, dealt.labels
        resolved = resolve(host.backbones()["minilm-l6"], labels=labels)
        examples = inputs.examples(parts["train"].rows, resolved.preprocessing, None, folder / "tokens.bin")
        truth = parts["train"].truth
        need = Need(task=preset.task, modality="text", rows=len(truth), labels=labels)
        make_plan = host.load(host.methods()["full"])

        def engine() -> float:
            model = copy.deepcopy(resolved.model)
            start = time.perf_counter()
            plan = make_plan(model, need, settings)
            training.fit(
                model,
                plan,
                plan.groups(model),
                examples,
                truth,
                settings=settings,
                precision=precision,
                validate=lambda: ({"log_loss": 0.0}, np.zeros(1)),
                shown=False,
            )
            return time.perf_counter() - start

        def loop() -> float:
            model = copy.deepcopy(resolved.model)
            return by_hand(model, make_plan(model, need, settings), examples, truth, arguments.steps, precision)

        engine(), loop()
        for number in range(arguments.pairs):
            first, second = (engine, loop) if number % 2 == 0 else (loop, engine)
            one, two = first(), second()
            pairs.append((one, two) if number % 2 == 0 else (two, one))
            print(pairs[-1], flush=True)
    ratios = [ours / theirs for ours, theirs in pairs]
    record(
        "engine_speed",
        title="The engine against a hand-written PyTorch loop",
        claim=f"Median ratio {statistics.median(ratios):.3f} (engine over loop): full fine-tuning of MiniLM, "
        f"{arguments.steps} steps of 16 rows, {precision}, fused AdamW, the same batches, alternating.",
        header=["pair", "engine s", "loop s", "ratio"],
        rows=[
            [str(number + 1), f"{ours:.2f}", f"{theirs:.2f}", f"{ours / theirs:.3f}"]
            for number, (ours, theirs) in enumerate(pairs)
        ],
        raw={"ratios": ratios},
    )


if __name__ == "__main__":
    main()
