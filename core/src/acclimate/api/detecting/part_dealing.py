"""Which rows of a table train, and which choose and measure: nothing trains that is like a defective part."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from acclimate import data, evaluation
from acclimate.api.detecting.asking import PartRule
from acclimate.contracts import DataError, SplitPolicy

if TYPE_CHECKING:
    import datasets

Flags = NDArray[np.bool_]
# A validation part may have at most this share of the good parts, however much is to be promised.
_MOST = 0.5
_FEWEST = 3


class PartDealing:
    """How the rows of one table are dealt: `bad` [rows] says which are defective, `near_own` and `near_given` which
    are defective ones or nearly repeat one, of this table or of those that were given for other parts.
    """

    def __init__(
        self,
        *,
        whole: "datasets.Dataset",
        bad: Flags,
        near_own: Flags,
        near_given: Flags,
        together: NDArray[np.int64] | None,
        want: tuple[str, ...],
        policy: SplitPolicy,
        rule: PartRule,
        seed: int,
    ) -> None:
        self.whole, self.bad, self.want, self.policy, self.rule, self.seed = whole, bad, want, policy, rule, seed
        self.grouped = "group" in whole.column_names
        self.units = data.kept_as_one(whole, together, grouped=self.grouped)
        self.together = together
        self.tainted = bad | self._units_of(near_own if together is not None else bad)
        self.repeating = (
            (near_given & ~self.tainted) if together is not None else np.zeros(len(whole), dtype=np.bool_)
        )

    def places(self) -> dict[str, list[int]]:
        """Return the rows of "train" and of each wanted part."""
        clean = np.flatnonzero(~self.tainted & ~self.repeating)
        self._check_enough(len(clean))
        dealt = {name: list(clean[rows]) for name, rows in self._good(clean).items()}
        for name, rows in self._defective().items():
            dealt[name] = sorted([*dealt.get(name, []), *rows])
        return {name: [int(row) for row in rows] for name, rows in dealt.items()}

    def _units_of(self, rows: Flags) -> Flags:
        """Return which rows share a unit with some of these."""
        found: Flags = np.isin(self.units, self.units[rows])
        return found

    def _good(self, clean: NDArray[np.int64]) -> dict[str, list[int]]:
        if not self.want:
            return {"train": list(range(len(clean)))}
        policy = replace(self.policy, embargo=0.0)
        needed = self._needed()
        if "validation" in self.want and needed:
            share = min(_MOST, (needed + 1) / len(clean) * (1.15 if self.grouped else 1.0))
            policy = replace(policy, validation=max(policy.validation, share))
        together = None if self.together is None else self.together[clean]
        parts = data.split(
            self.whole.select(clean), policy, seed=self.seed, want=self.want, grouped=self.grouped, together=together
        )
        if needed and len(parts.get("validation", [])) < needed and "validation" in self.want:
            raise self._too_few(len(clean), needed)
        return parts

    def _defective(self) -> dict[str, NDArray[np.int64]]:
        """Return the parts of the rows that may not train: those of defective parts, and what is like them."""
        rows = np.flatnonzero(self.tainted)
        if not len(rows) or not self.want:
            return {}
        if len(self.want) == 1 or not self.rule.needs_defects:
            return {self.want[-1]: rows}
        if len(np.unique(self.units[rows])) < 2:
            raise DataError(
                f"{self.rule.text} is chosen on defective parts, and all {len(rows):,} there are belong together.",
                "Add defective parts of other groups, or promise an overkill, which takes good parts alone.",
            )
        together = None if self.together is None else self.together[rows]
        policy = SplitPolicy(test=0.1, validation=0.5)
        held = data.split(
            self.whole.select(rows),
            policy,
            seed=self.seed,
            want=("validation",),
            grouped=self.grouped,
            together=together,
        )
        return {"test": rows[held["train"]], "validation": rows[held["validation"]]}

    def _needed(self) -> int:
        """Return how many good parts the promise that was asked for takes."""
        rule = self.rule
        return evaluation.good_parts_needed(rule.overkill) if rule.overkill is not None and rule.asked else 0

    def _check_enough(self, clean: int) -> None:
        fewest = 1 + len(self.want)
        if clean < fewest:
            kinds = "good parts" if not self.tainted.any() else "good parts that are in no group with a defective one"
            raise DataError(
                f"Found {clean} {kinds}; to learn and to choose a threshold takes {fewest} at the least.",
                f"Add images of good parts: {_FEWEST} show how it works, 30 or more are a beginning.",
            )
        needed = self._needed()
        if "validation" in self.want and needed > _MOST * clean:
            raise self._too_few(clean, needed)

    def _too_few(self, clean: int, needed: int) -> DataError:
        held = int(_MOST * clean)
        return DataError(
            f"To promise an overkill of {100 * (self.rule.overkill or 0):g} % takes {needed:,} good parts that are "
            f"held out; of {clean:,} good parts at most {held:,} can be.",
            f"Add {2 * needed - clean:,} good parts, or promise less: overkill={1 / (held + 1):.2g}.",
        )


def check_promise(validation: "datasets.Dataset", good: str, rule: PartRule) -> None:
    """Raise DataError where validation parts cannot give the threshold that was asked for."""
    labels = validation["label"][:]
    held, defective = labels.count(good), len(labels) - labels.count(good)
    needed = evaluation.good_parts_needed(rule.overkill) if rule.overkill is not None and rule.asked else 1
    if held < needed:
        raise DataError(
            f"{rule.text} takes {needed:,} good validation parts, found {held:,}.",
            "Give more of them, or promise less." if held else "Give good parts: they choose the threshold.",
        )
    if rule.needs_defects and not defective:
        raise DataError(
            f"{rule.text} is chosen on defective validation parts, and there are none.",
            "Give some (--validation), or promise an overkill, which takes good parts alone: overkill=0.05.",
        )
