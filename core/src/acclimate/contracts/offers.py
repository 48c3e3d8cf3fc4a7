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
TASKS = (
    "text-classification",
    "token-classification",
    "question-answering",
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


def _check(offer: Any) -> None:
    kind = type(offer).__name__
    if not isinstance(offer.name, str) or not _NAME.fullmatch(offer.name):
        raise ValueError(f"{kind}.name is lower-case words joined by '-', '_' or '.', found {offer.name!r}")
    if not offer.summary.strip() or "\n" in offer.summary:
        raise ValueError(f"{kind} {offer.name!r}: summary is one non-empty line, found {offer.summary!r}")


def _check_tasks(offer: Any, tasks: tuple[str, ...]) -> None:
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
        _check(self)
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

    `refused` is why a model that people ask for by this name is not used: pickled weights, say, which run code.
    """

    name: str
    summary: str
    modality: Literal["text", "image"]
    source: str
    licence: str
    pooling: Literal["", "mean", "cls", "last", "own", "stages"] = ""
    refused: str = ""

    def __post_init__(self) -> None:
        _check(self)


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
        _check(self)
        _check_tasks(self, self.tasks)


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
        _check(self)
        _check_tasks(self, self.tasks)
        intervals = self.interval or self.group_interval or self.difference
        if self.statistics and (self.multilabel or intervals or self.of_positive):
            raise ValueError(
                f"Metric {self.name!r}: with statistics it has neither multilabel nor intervals nor of_positive"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitPolicy:
    """How rows are dealt to train, validation and test when no files are given for them.

    `test` and `validation` are shares of all rows. `stratify` names extra columns whose mix should be the
    same in each part, besides the label. Where rows are split by time, those within `embargo` before a later part are
    left out: days, or units of a time that is a number.
    """

    test: float = 0.2
    validation: float = 0.1
    stratify: tuple[str, ...] = ()
    embargo: float = 0.0

    def __post_init__(self) -> None:
        if not (0 < self.test < 1 and 0 < self.validation < 1 and self.test + self.validation < 1):
            raise ValueError(f"test and validation are shares above 0 that leave rows to train, found {self}")
        if not 0 <= self.embargo < float("inf"):
            raise ValueError(f"embargo is 0 or more, found {self.embargo!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelNames:
    """The labels that a preset knows by name, whatever a source calls them.

    `order` are the names, from the lowest to the highest where they have an order: labels of a run stand in it.
    `aliases` are other names with the one that each stands for. Names are compared without regard to case, and with
    "_" and "-" as spaces. What is neither is refused where rows are read, numbers above all: data sets number the
    same labels differently.
    """

    order: tuple[str, ...]
    aliases: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len({self.key(name) for name in self.order}) < max(2, len(self.order)):
            raise ValueError(f"LabelNames.order holds two different names or more, found {self.order}")
        for alias, name in self.aliases.items():
            if name not in self.order or self.key(alias) in map(self.key, self.order):
                raise ValueError(
                    f"LabelNames: the alias {alias!r} stands for another name of the order, found {name!r}"
                )

    @staticmethod
    def key(name: str) -> str:
        """Return what is compared of a name."""
        return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())

    def find(self, name: str) -> str | None:
        """Return the name of the order that a source's name stands for; None where it stands for none."""
        key = self.key(name)
        known = {self.key(each): each for each in self.order}
        return known.get(key) or next((of for alias, of in self.aliases.items() if self.key(alias) == key), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """Real data that installs as a package: what `acclimate demo VERTICAL` runs.

    `rows` and `settings` keep the demo short; `note` says so to the user. `package` is the distribution to
    install, `licence` is printed with the result. `pictures` names a function
    `(source, model, test_ids, folder) -> Iterable[Path]` that draws what came of it into a new folder: `model` is the
    loaded run, `test_ids` are the ids of the rows it was tested on.

    `earlier` is a preset of the same plugin that runs on the same source first, with `earlier_settings`: what can be
    had with less, such as from good parts alone. It is saved beside the run, as `OUTPUT-PRESET`.
    """

    source: str
    package: str
    licence: str
    note: str
    method: str = "frozen"
    rows: int | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    pictures: Ref | None = None
    earlier: str = ""
    earlier_settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """What a vertical offers for one job: its task and the defaults its trade would choose.

    `prepare` names a pure function applied to every text (`str -> str`) or image (`PIL.Image -> PIL.Image`),
    the same in training and prediction. `settings` are defaults of `Settings` fields (`max_tokens`, …). `metrics` are
    for rows of one label, `multilabel_metrics` for rows that may carry several; which of them the rows are decides
    what the source holds. A preset of masks or spans has metrics of its own, such as `acclimate.plugins.MASK_METRICS`
    or `SPAN_METRICS`, and names its method.

    `preparing` are the names and defaults of further keyword arguments of `prepare`, which a user gives as
    `--prepare NAME=VALUE`; a saved run prepares new rows with them. `audit` names a function
    `(texts) -> Iterable[Finding]` with the same keyword arguments, which says in the report what the preparation does
    to the texts of all rows. `cases` names a function `() -> Sequence[str]` of further texts, such as pairs that
    differ in a word: the tested model labels them too, and `review_report` is told what it calls each, in their
    order, as `records["cases"]`. `labels` are the labels that it knows by name, in
    order; without them a source's labels are taken as they are.

    `span_columns` names a function `(text, label) -> Mapping[str, str]` for token-classification: what else is told
    of a span that was found, such as its amount and currency. Its keys are always the same.

    `group` is the column whose rows stay in one part ("patient"), `times` are usual names of a column by whose dates
    rows are split ("date"), and `slices` are columns whose values are scored as subgroups, where the user names none
    and the source has them; a source without the group column is told of in the report. Where the user names a group,
    `times` do not count. So is `spacing` the column with the millimetres between the pixels of images with masks.

    `mirrored` lets training mirror images, which must not be where sides matter. `corners` measures what the four
    corners of the images alone say of the label, where a shortcut (a marker, a text) may stand.

    `judge` names a function `(replies, card) -> Sequence[float]` for preference: how far each reply is as the file
    `card` says, from 0 to 1, as text `replies`; "" is a card of the plugin's own, by which nothing is refused.

    `out_of_scope` are usual names of a label whose rows have none of the others ("oos"): they train nothing, and
    measure how well such rows are told. Names are compared as `LabelNames` compares them.
    """

    name: str
    summary: str
    task: str
    backbone: str = "auto"
    method: str = "auto"
    loader: str = "auto"
    prepare: Ref | None = None
    preparing: Mapping[str, Any] = field(default_factory=dict)
    span_columns: Ref | None = None
    audit: Ref | None = None
    judge: Ref | None = None
    cases: Ref | None = None
    labels: LabelNames | None = None
    metrics: tuple[str, ...] = ("accuracy", "macro_f1", "mcc", "auroc")
    multilabel_metrics: tuple[str, ...] = ("macro_f1", "micro_f1", "subset_accuracy", "auroc", "average_precision")
    split: SplitPolicy = SplitPolicy()
    group: str = ""
    times: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()
    spacing: str = ""
    mirrored: bool = True
    corners: bool = False
    out_of_scope: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    demo: Demo | None = None

    def __post_init__(self) -> None:
        _check(self)
        _check_tasks(self, (self.task,))
        if self.corners and self.task == STACKS:
            raise ValueError(f"Preset {self.name!r}: corners are those of single images, not of stacks")
        if self.audit and (self.prepare is None or self.modality != "text"):
            raise ValueError(f"Preset {self.name!r}: audit is of how texts are prepared, which it does not do")
        if self.judge and self.task != PREFERENCE:
            raise ValueError(f"Preset {self.name!r}: judge is of replies, which {self.task} does not compare")
        if self.cases and self.task != "text-classification":
            raise ValueError(f"Preset {self.name!r}: cases are texts that get labels, which it does not give")
        if self.preparing and self.prepare is None:
            raise ValueError(f"Preset {self.name!r}: preparing has options of prepare, which it does not name")

    @property
    def modality(self) -> Literal["text", "image"]:
        """The kind of input: images for the image tasks and anomaly detection, text for all others."""
        image = self.task.startswith("image-") or self.task == "anomaly-detection"
        return "image" if image else "text"

    @property
    def pictures(self) -> Ref | None:
        """What draws the result of the demo, where there is one."""
        return self.demo.pictures if self.demo else None


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
        _check(self)


Offer = Loader | Backbone | Method | Metric | Preset | Command
