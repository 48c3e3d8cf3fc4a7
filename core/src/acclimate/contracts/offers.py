"""What a plugin offers: frozen descriptions that name heavy code by reference, resolved on first use."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Literal

from acclimate.contracts.errors import PluginError

# Labels for rows that are each a stack of images: the slices of a volume, or the pages of a file.
STACKS = "image-stack-classification"
# Replies that are to be preferred to others.
PREFERENCE = "preference"
# What texts say to hypotheses: entailment, contradiction, or neither.
INFERENCE = "natural-language-inference"
# The sentences of a text that say what a summary of it says.
SUMMARIES = "summarization"
TASKS = (
    "text-classification",
    "token-classification",
    "question-answering",
    INFERENCE,
    SUMMARIES,
    "text-generation",
    "sentence-similarity",
    "image-classification",
    STACKS,
    "image-segmentation",
    PREFERENCE,
    "anomaly-detection",
)
# What predictions of labels have fields for themselves.
PREDICTED = frozenset(
    [
        "id",
        "label",
        "labels",
        "probability",
        "probabilities",
        "likeliest",
        "cheapest",
        "flagged",
        "answered",
        "out_of_scope",
        "label_set",
        "slice_weights",
        "error",
    ]
)
_NAME = re.compile(r"[a-z0-9]+(?:[-_.][a-z0-9]+)*")
_REF = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


class Ref(str):
    """`"package.module:attribute"`: code named without importing it.

    The same string is written into a saved run, so that prediction finds the very same preprocessing.

    Raises:
        ValueError: when the text does not have that form.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> "Ref":
        if not _REF.fullmatch(text):
            raise ValueError(f"a reference reads 'package.module:attribute', found {text!r}")
        return super().__new__(cls, text)

    def load(self) -> Any:
        """Import the module and return the attribute.

        Raises:
            PluginError: when the module cannot be imported or has no such attribute.
        """
        module, _, attribute = self.partition(":")
        try:
            return getattr(import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            raise PluginError(
                f"The reference {self!s} does not resolve: {type(error).__name__}: {error}.",
                "Correct the reference in the plugin that offers it, or install what it needs.",
            ) from error


def check_offer(offer: Any) -> None:
    """Raise ValueError where an offer has no proper name, or a summary that is no single line."""
    kind = type(offer).__name__
    if not isinstance(offer.name, str) or not _NAME.fullmatch(offer.name):
        raise ValueError(f"{kind}.name is lower-case words joined by '-', '_' or '.', found {offer.name!r}")
    if not offer.summary.strip() or "\n" in offer.summary:
        raise ValueError(f"{kind} {offer.name!r}: summary is one non-empty line, found {offer.summary!r}")


def check_tasks(offer: Any, tasks: tuple[str, ...]) -> None:
    """Raise ValueError for tasks that do not exist."""
    for task in tasks:
        if task not in TASKS:
            raise ValueError(
                f"{type(offer).__name__} {offer.name!r}: unknown task {task!r}; known: {', '.join(TASKS)}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Loader:
    """A way to read rows.

    `read` names a function `read(source: str) -> Iterable[dict]`: one dictionary per row, lazily where the
    source is large. A loader answers for files by `suffixes` (".csv"), for sources with a `scheme`
    ("hub" for "hub:owner/name"), or only when it is chosen by name.

    `options` are the names and defaults of further keyword arguments of `read`, which a user gives as
    `--read NAME=VALUE`. Those in `kept` say what a row's content is: a saved run reads new rows with them. The others
    are for one source (where its labels are, say). `unlabelled` tells a user how rows get
    their labels, where they have none.

    `told` are further columns of its rows that `predict` gives beside the label of a row, such as where in a document
    the row stands: their names, with `str` or `int` for what they hold. `page` names a function
    `(source, rows, file, options) -> None` that writes a page (.html) to look at: the source with what was predicted
    of its `rows`, as `predict_rows` gives them, read with these `options`.

    `takes_classes` says that `read` has a keyword argument `classes` besides: the names of the classes of masks, the
    background first, where rows are to have masks; it is left out where they need none.
    """

    name: str
    summary: str
    read: Ref
    suffixes: tuple[str, ...] = ()
    scheme: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    unlabelled: str = ""
    told: Mapping[str, type] = field(default_factory=dict)
    page: Ref | None = None
    takes_classes: bool = False

    def __post_init__(self) -> None:
        check_offer(self)
        if wrong := [name for name, kind in self.told.items() if name in PREDICTED or kind not in (str, int)]:
            raise ValueError(
                f"Loader {self.name!r}: told are columns of str or int that predictions have no fields for, "
                f"found {', '.join(wrong)}"
            )
        if unknown := set(self.kept) - set(self.options):
            raise ValueError(f"Loader {self.name!r}: kept names {', '.join(sorted(unknown))}, not among its options")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backbone:
    """A pretrained model that can be adapted.

    `source` is a hub id ("owner/name"), a local folder, or "package:NAME" for weights that install as a
    package. `pooling` is how tokens or pixels are summarised: "mean", "cls", "last", "own" (as an image model was
    trained), "stages" (that, joined by the mean and spread of each stage of a convolutional model), or "" to read
    it from the model's own files and structure. A hub id may name a revision: "owner/name@revision".

    A backbone of modality "volume" sees stacks of images whole, in three dimensions; its `source` is "monai:NAME",
    which has random weights, or a local folder.

    `refused` is why a model that people ask for by this name is not used: pickled weights, say, which run code.
    """

    name: str
    summary: str
    modality: Literal["text", "image", "volume"]
    source: str
    licence: str
    pooling: Literal["", "mean", "cls", "last", "own", "stages"] = ""
    refused: str = ""

    def __post_init__(self) -> None:
        check_offer(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """A way to adapt a backbone.

    `plan` names a function `(model, need, settings) -> Plan` that checks the options and changes nothing. `install`
    names a function `(model, adapter) -> None` that adds to the model what `Plan.adapter` describes; it is called
    before training, and again when a saved run is rebuilt, whose weights are then loaded. `merge` names a function
    `(model, adapter, original) -> None` that folds what was added into plain weights; `original(name)` is the
    plain weight of that name inside the encoder (pretrained, or as measured), for methods that keep it coarser.
    `model` has an `encoder`, a linear `head`, and says by `new_head` whether the head is new for the task.
    """

    name: str
    summary: str
    tasks: tuple[str, ...]
    plan: Ref
    install: Ref | None = None
    merge: Ref | None = None

    def __post_init__(self) -> None:
        check_offer(self)
        check_tasks(self, self.tasks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A score computed once from raw scores in float64.

    `score` names a function `(truth, scores, weights) -> float` with `truth` [rows] the class index of each
    row, `scores` [rows, classes] (higher means more likely, not always probabilities) and `weights` [rows]
    how often each row counts: ones for the value itself, bootstrap counts for its interval.

    `multilabel` names a function with the same arguments for rows that may carry several labels: there `truth` is
    [rows, labels] of 0 and 1, and a label is given to a row where its score is 0 or more. Without it the metric is
    not for such rows.

    `interval` names a function `(truth, scores) -> (low, high)` with the bounds of the 95 % interval for independent
    rows of one label each, or None where it does not apply. `group_interval` names the same for rows in groups, a
    function `(truth, scores, groups)` with the group of each row. Without it the interval is found by bootstrap.
    `difference` names a function `(truth, scores, others) -> (low, high)` with the bounds of the 95 % interval of how
    much higher a model scores than another on the same independent rows, or None where it does not apply.

    `statistics` is for what is no choice between classes: texts, spans, rankings, masks. It names a function
    `(truth, predicted) -> [rows, columns]` of one item for each row, which says once what each row adds to the
    score; `score` then names a function `(statistics, weights) -> float`, which makes it of the weighted sums. So the
    bootstrap is of whole rows or groups. Such a metric has neither `multilabel` nor `interval`.

    `of_positive` says that the score is of the label that is looked for (`positive` of `Settings`), and must be named
    for it: `score` and `interval` are then called with that label as class 1 of two, and all others as class 0.
    """

    name: str
    summary: str
    tasks: tuple[str, ...]
    score: Ref
    statistics: Ref | None = None
    multilabel: Ref | None = None
    interval: Ref | None = None
    group_interval: Ref | None = None
    difference: Ref | None = None
    better: Literal["higher", "lower"] = "higher"
    of_positive: bool = False

    def __post_init__(self) -> None:
        check_offer(self)
        check_tasks(self, self.tasks)
        intervals = self.interval or self.group_interval or self.difference
        if self.statistics and (self.multilabel or intervals or self.of_positive):
            raise ValueError(
                f"Metric {self.name!r}: with statistics it has neither multilabel nor intervals nor of_positive"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command that `acclimate` gains: `acclimate NAME`.

    `run` names a function whose parameters carry typer's annotations. Its module is imported when the command line is
    built, so that it imports nothing heavy itself.
    """

    name: str
    summary: str
    run: Ref

    def __post_init__(self) -> None:
        check_offer(self)
