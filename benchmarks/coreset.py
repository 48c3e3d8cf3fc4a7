"""The lazy coreset against plain greedy loops over the same features, in one run."""

import argparse
import time
from collections.abc import Callable

import torch
from acclimate.models.anomaly import select
from cells import good_patches
from recording import record
from torch import Tensor

Squared = Callable[[Tensor, Tensor], Tensor]

# What a plain loop measures all rows against the row it took by; each is a common way to write it.
LOOPS: dict[str, tuple[torch.dtype, Squared]] = {
    "differences, float32": (torch.float32, lambda rows, row: (rows - row).square().sum(dim=1)),
    "torch.cdist, float32": (torch.float32, lambda rows, row: torch.cdist(rows, row[None])[:, 0].square()),
    "differences, float64": (torch.float64, lambda rows, row: (rows - row).square().sum(dim=1)),
}


def plain(features: Tensor, count: int, first: int, squared: Squared) -> tuple[list[int], float]:
    """Return the rows in order and the radius, measuring every row at every step."""
    least = torch.full((len(features),), torch.inf, dtype=features.dtype)
    taken = [first]
    while True:
        torch.minimum(least, squared(features, features[taken[-1]]), out=least)
        farthest = int(least.argmax())
        if len(taken) == count:
            return taken, float(least[farthest]) ** 0.5
        taken.append(farthest)


def products(features: Tensor, count: int, first: int) -> tuple[list[int], float]:
    """Return the same by a product of all rows with the row taken and norms kept: the fastest loop in float32."""
    around = features - features.mean(dim=0)
    norms = around.square().sum(dim=1)
    least, taken = torch.full((len(features),), torch.inf), [first]
    while True:
        row = around[taken[-1]]
        torch.minimum(least, torch.addmv(norms + row @ row, around, row, alpha=-2), out=least)
        farthest = int(least.argmax())
        if len(taken) == count:
            return taken, float(least[farthest].clamp(min=0)) ** 0.5
        taken.append(farthest)


def main() -> None:
    """Time all on the same rows and record the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=24)
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=0)
    # One for all: where other processes take turns on the cores, threads of small steps wait for each other.
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    features = good_patches(arguments.images, arguments.seed)
    count = int(arguments.share * len(features))
    lazy = []
    for _ in range(3):
        start = time.perf_counter()
        ours = select(features, count, arguments.seed)
        lazy.append(time.perf_counter() - start)
    seconds = min(lazy)
    order = ours.indices.tolist()
    loops = {
        name: lambda first, kind=kind, squared=squared: plain(features.to(kind), count, first, squared)
        for name, (kind, squared) in LOOPS.items()
    }
    loops["products with norms kept, float32"] = lambda first: products(features, count, first)
    rows = [["lazy (`select`)", f"{seconds:.2f}", "", "", f"{ours.radius:.5f}"]]
    raw = [{"loop": "lazy", "seconds": lazy, "radius": ours.radius}]
    for name, loop in loops.items():
        times = []
        for _ in range(3):
            start = time.perf_counter()
            taken, radius = loop(order[0])
            times.append(time.perf_counter() - start)
        taken_seconds = min(times)
        same = sum(a == b for a, b in zip(taken, order, strict=True))
        rows.append(
            [
                f"plain loop: {name}",
                f"{taken_seconds:.1f}",
                f"{taken_seconds / seconds:.1f}",
                f"{same:,} of {count:,}",
                f"{radius:.5f}",
            ]
        )
        raw.append({"loop": name, "seconds": times, "radius": radius, "same places": same})
        print(rows[-1], flush=True)
    record(
        "coreset",
        title="The lazy greedy coreset against plain greedy loops",
        claim=f"{count:,} of {len(features):,} patches of {features.shape[1]} channels (EfficientNet-Lite0, "
        f"{arguments.images} solar cells without defect), from the same first patch, threads: {arguments.threads}. "
        "A plain loop measures all patches at each step. Seconds are the least of three runs; the last "
        "column but one counts the places of the order at which it takes the same patch.",
        header=["selection", "seconds", "times slower", "same patch at the same place", "cover radius"],
        rows=rows,
        raw=raw,
    )


if __name__ == "__main__":
    main()
