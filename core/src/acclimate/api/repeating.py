"""A saved run done again from its manifest, and whether its numbers are the same."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from acclimate import bundle
from acclimate.api import manifest as manifests
from acclimate.api.adapting import Run, ask, run
from acclimate.api.evaluate_modules import named_by_run
from acclimate.api.provenance import distributions, hardware
from acclimate.api.saved import RESULTS, TOLERANCE
from acclimate.contracts import Finding
from acclimate.plugins import Host, default_host

# Features that the cache already held came from other batches, whose sums are rounded otherwise.
_ROUNDING = 1e-5
_MACHINE = ("processor", "device", "threads")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """A run done again.

    `metrics` has the value then and now of each metric that both have, `logits_difference` is the greatest of a test
    row's logits; 0 means that they are the same in every bit. `findings` are differences of versions and of the
    machine.
    """

    run: Run
    original: Path
    metrics: Mapping[str, tuple[float | None, float | None]]
    logits_difference: float
    findings: tuple[Finding, ...]

    @property
    def same(self) -> bool:
        """Whether the numbers are those of the run that was repeated, but for rounding."""
        return self.logits_difference <= TOLERANCE and all(map(_equal, self.metrics.values()))

    def to_dict(self) -> dict[str, Any]:
        """Return plain dictionaries, lists and numbers."""
        return {
            "original": str(self.original),
            "output": str(self.run.output),
            "same": self.same,
            "logits_difference": self.logits_difference,
            "metrics": {name: {"original": then, "repeated": now} for name, (then, now) in self.metrics.items()},
            "findings": [{"code": finding.code, "message": finding.message} for finding in self.findings],
        }

    def __str__(self) -> str:
        rows = [f"{name:<22}{then!s:<22}{now}" for name, (then, now) in self.metrics.items()]
        verdict = "The numbers are the same" if self.same else "The numbers are not the same"
        difference = self.logits_difference
        logits = f"differ by {difference:.2g} at most" if difference else "are equal in every bit"
        notes = [f"{finding.level}: {finding.message}" for finding in self.findings]
        return "\n".join(
            [f"{'':<22}{'original':<22}repeated", *rows, f"{verdict}; the logits of the test rows {logits}.", *notes]
        )


def _equal(pair: tuple[float | None, float | None]) -> bool:
    then, now = pair
    return then == now if then is None or now is None else math.isclose(then, now, rel_tol=0, abs_tol=_ROUNDING)


def repeat(
    folder: str | Path,
    *,
    output: str | Path | None = None,
    source: str | Path | None = None,
    test: str | Path | None = None,
    validation: str | Path | None = None,
    metrics: Sequence[str] | None = None,
    host: Host | None = None,
    shown: bool = True,
) -> Repetition:
    """Do a saved run again, as its manifest says, and compare its numbers. Features are computed anew.

    A run by method "auto" is repeated by the method it found, and arithmetic that was chosen by measuring is
    asked for where training and forward passes had the same.

    Args:
        folder: a saved run.
        output: a new folder; the first free `runs/PRESET-N` when left out.
        metrics: in place of the run's own; a run measured by a module of `evaluate` is only repeated where they are
            named, since a run does not say which code runs.
        source, test, validation: where the same rows are now; where they were when left out.
        host: the plugins to use; those installed when left out.
        shown: show progress on standard error.

    Raises:
        DataError: when the rows are not those of the run; it says which part differs. Nothing is trained then.
        BackboneError: when the backbone's weights are others.
        AcclimateError: for a run that cannot be used.
    """
    host, folder = host or default_host(), Path(folder)
    manifest = manifests.read_manifest(folder)
    if metrics is None:
        named_by_run(manifest, folder)
    asked = manifests.asked_by(manifest)
    asked["options"] = {**asked["options"], **_arithmetic(folder, asked["options"])}
    if metrics is not None:
        asked["options"]["metrics"] = tuple(metrics)
    places = {"source": source, "test": test, "validation": validation}
    asked |= {name: str(place) for name, place in places.items() if place is not None}
    done = run(host, replace(ask(host, **asked, output=output), original=manifest), shown=shown)
    return _compared(host, done, folder, manifest)


def _compared(host: Host, done: Run, folder: Path, then: Mapping[str, Any]) -> Repetition:
    now = manifests.read_manifest(done.output)["results"]["metrics"]
    scores = then["results"]["metrics"]
    before, after = (_of_test(each) for each in (folder, done.output))
    return Repetition(
        run=done,
        original=folder,
        metrics={name: (score["value"], now[name]["value"]) for name, score in scores.items() if name in now},
        logits_difference=float((before - after).abs().max()),
        findings=_differences(host, then),
    )


def _of_test(folder: Path) -> Tensor:
    """Return what a run keeps of its test rows: logits, or the losses of answers where it writes."""
    kept = bundle.read_tensors(folder / RESULTS)
    return kept["test.logits"] if "test.logits" in kept else kept["test.losses"]


def _differences(host: Host, manifest: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Return how this environment and this machine differ from those of a run, in what may change its numbers."""
    versions, machine = distributions(host), hardware()
    places: tuple[tuple[str, str, Mapping[str, Any], Mapping[str, Any], Iterable[str]], ...] = (
        ("other-versions", "with other versions", manifest["distributions"], versions, versions),
        ("other-machine", "on another machine", manifest["hardware"], machine, _MACHINE),
    )
    found = []
    for code, how, then, now, names in places:
        other = [f"{name} {then[name]} (now {now[name]})" for name in names if then.get(name, now[name]) != now[name]]
        if other:
            found.append(Finding(code=code, message=f"The run was made {how}: {', '.join(other)}."))
    return tuple(found)


def _arithmetic(folder: Path, options: Mapping[str, Any]) -> dict[str, str]:
    """Return the precision to ask for where it was chosen by measuring and one for all."""
    report = bundle.read_document(folder, "report.json")
    used = {
        finding["details"]["precision"]
        for finding in report["findings"]
        if finding["code"] in ("precision-forward", "precision-training")
    }
    return {"precision": used.pop()} if options["precision"] == "auto" and len(used) == 1 else {}
