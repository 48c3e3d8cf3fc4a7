"""What differs between tasks: each kind of task is a module with the same functions."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TextIO, cast

from acclimate.api.manifest import task_of
from acclimate.api.options import refuse_decided, refuse_unknown
from acclimate.contracts import Metric, Report
from acclimate.plugins import Host

if TYPE_CHECKING:
    import datasets

    from acclimate.api.adapting import Run
    from acclimate.api.dealing import Dealt
    from acclimate.api.predictions import Predicted
    from acclimate.api.request import Request

Options = Mapping[str, Any]
Tables = dict[str, "datasets.Dataset"]
_MODULES = {
    "image-segmentation": "acclimate.api.segmenting",
    "question-answering": "acclimate.api.answering",
    "natural-language-inference": "acclimate.api.entailing",
    "summarization": "acclimate.api.summarising",
    "text-generation": "acclimate.api.generating",
    "preference": "acclimate.api.preferring",
    "token-classification": "acclimate.api.tagging",
    "sentence-similarity": "acclimate.api.retrieving",
    "anomaly-detection": "acclimate.api.detecting",
}
_OTHERS = "acclimate.api.classifying"


class Flow(Protocol):
    """The functions of one kind of task; each does what the public function of its name says."""

    def check(self, request: "Request") -> None:
        """Raise OptionError for what a request asks for and the task does not know."""
        ...

    def deal(self, host: Host, request: "Request", folder: Path) -> "tuple[Tables, Dealt]":
        """Return the tables of a request, read into `folder`, and their rows dealt to parts."""
        ...

    def adapt(self, host: Host, request: "Request", folder: Path, shown: bool) -> "Run":
        """Do what a request asks; `folder` is for what is needed meanwhile."""
        ...

    def compared(
        self, host: Host, request: "Request", metric: str | None, labels: Sequence[str], *, multilabel: bool
    ) -> tuple[dict[str, Metric], dict[str, Callable[[Any, Any, Any], float]]]:
        """Return the metrics of a comparison, the compared one first, and their functions of `Run.test_rows`."""
        ...

    def evaluate(self, host: Host, folder: Path, source: str, options: Options) -> Report:
        """Return the report of a saved run on rows of `source`."""
        ...

    def load(self, folder: Path, host: Host) -> Any:
        """Return a saved run, ready to predict."""
        ...

    def predict_rows(self, host: Host, folder: Path, source: str, options: Options) -> Iterator[dict[str, Any]]:
        """Return what is predicted of each row, in plain JSON."""
        ...

    def show(self, manifest: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], stream: TextIO) -> None:
        """Write what `predict_rows` returned as CSV; called with a run's manifest."""
        ...

    def write_predictions(
        self, host: Host, folder: Path, source: str, output: Path, resume: bool, options: Options
    ) -> "Predicted":
        """Write what is predicted of each row."""
        ...


def flow_of(task: str) -> Flow:
    """Return the functions of a task."""
    return cast(Flow, import_module(_MODULES.get(task, _OTHERS)))


def flow_of_run(folder: Path, options: Options) -> Flow:
    """Return the functions of the task of a saved run, which knows the options that were given.

    Raises:
        BundleError: when the folder is no run.
        OptionError: for an option that only other tasks know, or that the run has decided.
    """
    task = task_of(folder)
    refuse_unknown(options, task)
    refuse_decided(options, task)
    return flow_of(task)
