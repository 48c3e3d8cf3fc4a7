"""The search of a memory bank against plain ways to write it, on the same features, in one run."""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from acclimate.models.anomaly import MemoryBank, select
from cells import PATCHES, good_patches
from recording import record
from torch import Tensor

Search = Callable[[Tensor, Tensor], Tensor]


def by_differences(patches: Tensor, members: Tensor) -> Tensor:
    """Return the distance [patches] to the nearest member by torch.cdist without products of matrices."""
    return torch.cdist(patches, members, compute_mode="donot_use_mm_for_euclid_dist").amin(dim=1)


def by_cdist(patches: Tensor, members: Tensor) -> Tensor:
    """Return the same by torch.cdist as it decides: for more than 25 rows by products of matrices."""
    return torch.cdist(patches, members).amin(dim=1)


def by_product(patches: Tensor, members: Tensor) -> Tensor:
    """Return the same by one product of matrices, as anomalib writes it."""
    norms = members.square().sum(dim=1)
    squared = patches.square().sum(dim=1, keepdim=True) - 2 * patches @ members.T + norms
    return squared.clamp(min=0).sqrt().amin(dim=1)


PLAIN: dict[str, Search] = {
    "torch.cdist by differences": by_differences,
    "torch.cdist as it decides": by_cdist,
    "one product of matrices": by_product,
}


def main() -> None:
    """Time all on the patches of the same images and record the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learned", type=int, default=120, help="images of which the bank is taken")
    parser.add_argument("--scored", type=int, default=8, help="images of which patches are compared, in turns")
    parser.add_argument("--members", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    every = good_patches(arguments.learned + arguments.scored, arguments.seed)
    learned, scored = every[: arguments.learned * PATCHES], every[arguments.learned * PATCHES :]
    rows, raw = [], []
    for count in arguments.members:
        members = learned[select(learned, count, arguments.seed).indices]
        found = compared(members, scored.split(PATCHES))
        seconds = {name: each[0] for name, each in found.items()}
        for name, (times, apart) in found.items():
            ratios = [theirs / ours for theirs, ours in zip(times, seconds["acclimate"], strict=True)]
            slower = f"{statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"
            rows.append([f"{count:,}", name, f"{statistics.median(times) * 1e3:.0f}", slower, f"{apart:.1e}"])
            raw.append({"members": count, "search": name, "seconds": times, "greatest error": apart})
    record(
        "memory_bank",
        title="The search of a memory bank against plain ways to write it",
        claim=f"The nearest of so many members for each of {PATCHES} patches of {every.shape[1]} channels per image "
        f"(EfficientNet-Lite0, good solar cells), {arguments.scored} images one by one, threads: "
        f"{arguments.threads}. Milliseconds are the median, times slower the median of images with the least and "
        "the greatest. The error is the greatest of any patch, as a share of its distance, against differences in "
        "float64.",
        header=["members", "search", "ms per image", "times slower", "greatest error"],
        rows=rows,
        raw=raw,
    )


def compared(members: Tensor, images: tuple[Tensor, ...]) -> dict[str, tuple[list[float], float]]:
    """Return for each search its seconds by image, and how far its distances are from the true ones at most."""
    bank = MemoryBank(members)
    searches = {"acclimate": lambda patches, _: bank.distances(patches).distance} | PLAIN
    times: dict[str, list[float]] = {name: [] for name in searches}
    apart = dict.fromkeys(searches, 0.0)
    for search in searches.values():
        search(images[0], members)
    for patches in images:
        true = by_differences(patches.double(), members.double())
        for name, search in searches.items():
            start = time.perf_counter()
            distance = search(patches, members)
            times[name].append(time.perf_counter() - start)
            apart[name] = max(apart[name], float(((distance - true).abs() / true).max()))
    return {name: (times[name], apart[name]) for name in searches}


if __name__ == "__main__":
    main()
