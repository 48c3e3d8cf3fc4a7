"""A saved run on new texts with something marked in them: opened and read, and its report."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from acclimate import evaluation, training
from acclimate.api.clock import Clock
from acclimate.api.evaluate_modules import named_by_run
from acclimate.api.manifest import read_with
from acclimate.api.report_fields import of_saved, reviewed
from acclimate.api.request import find_preset, split_options
from acclimate.contracts import Analysis, Finding, Metric, OptionError, Report, Score, Settings
from acclimate.plugins import Host

if TYPE_CHECKING:
    import datasets

Checked = Callable[[Host, str, Sequence[str]], dict[str, Metric]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TestedTexts:
    """What test texts say of a model.

    `test_rows` hold what each text, or what is asked of it, adds to the metrics, side by side. `records` are these
    rows as `review_report` receives them, with what is true and what was said.
    """

    metrics: Mapping[str, Score]
    baselines: Mapping[str, Mapping[str, Score]]
    analysis: Analysis
    findings: tuple[Finding, ...]
    test_rows: evaluation.ScoredRows
    records: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A saved run with the texts that it is measured on, and what it is measured by."""

    host: Host
    folder: Path
    predictor: Any
    owner: str
    name: str
    metrics: dict[str, Metric]
    table: "datasets.Dataset"
    settings: Settings
    clock: Clock

    def report(self, tested: TestedTexts, labels: tuple[str, ...], errors: Mapping[str, Any] | None = None) -> Report:
        """Return the report, reviewed by the preset's plugin; `errors` is its field that counts them, if any."""
        rows = {"test": len(self.table)}
        licence = self.settings.data_licence
        found = Report(
            **of_saved(self.folder, self.predictor.manifest, self.name, rows, licence, self.clock),
            metrics=tested.metrics,
            baselines=tested.baselines,
            findings=tested.findings,
            labels=labels,
            analysis=tested.analysis,
            **(errors or {}),
        )
        return reviewed(self.host, self.owner, found, tested.records)


@contextmanager
def opened(
    host: Host,
    folder: Path,
    source: str,
    options: Mapping[str, Any],
    *,
    load: Callable[[Path, Host], Any],
    checked: Checked,
    read: Callable[..., "datasets.Dataset"],
) -> Iterator[Opened]:
    """Open a saved run by `load`, its metrics by `checked`, and the texts of a source by the `read` of its task.

    Raises:
        OptionError: for what was decided when the run was made.
        AcclimateError: for a run or rows that cannot be used.
    """
    clock = Clock()
    if options.get("max_tokens"):
        raise OptionError("max_tokens was decided when the run was made.", "Leave max_tokens out.")
    columns, settings = split_options(dict(options))
    with TemporaryDirectory(prefix="acclimate-") as temporary, training.quiet_libraries():
        with clock.stage("prepare"):
            predictor = load(folder, host)
            preset, owner, name = find_preset(host, predictor.manifest["preset"])
            metrics = checked(host, owner, settings.metrics or named_by_run(predictor.manifest, folder))
            table = read(
                host,
                owner,
                preset,
                source,
                columns,
                Path(temporary),
                part="test",
                reading=settings.reading,
                saved=read_with(predictor.manifest),
            )
        with clock.stage("evaluate"):
            yield Opened(
                host=host,
                folder=folder,
                predictor=predictor,
                owner=owner,
                name=name,
                metrics=metrics,
                table=table,
                settings=settings,
                clock=clock,
            )
