"""What a trade would choose for a job: a preset, with its demo, its split and the labels that it knows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from acclimate.contracts.offers import (
    INFERENCE,
    PREFERENCE,
    STACKS,
    Backbone,
    Command,
    Loader,
    Method,
    Metric,
    Ref,
    check_offer,
    check_tasks,
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

    `test` is another source, whose rows test. `rows` and `settings` keep the demo short; `note` says so to the user.
    `package` is the distribution to install, `licence` is printed with the result. `pictures` names a function
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
    test: str = ""
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
    order; without them a source's labels are taken as they are. For natural-language-inference they are the names of
    entailment, contradiction and neither, in this order.

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

    `ladder` are presets of the same plugin, for anomaly-detection: one that learns kinds of defects from labels, and
    one that outlines them from masks. Method "auto" goes on to them as far as the rows go.

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
    ladder: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_offer(self)
        check_tasks(self, (self.task,))
        if self.ladder and self.task != "anomaly-detection":
            raise ValueError(
                f"Preset {self.name!r}: a ladder begins with anomaly-detection, and not with {self.task}"
            )
        if self.corners and self.task == STACKS:
            raise ValueError(f"Preset {self.name!r}: corners are those of single images, not of stacks")
        if self.audit and (self.prepare is None or self.modality != "text"):
            raise ValueError(f"Preset {self.name!r}: audit is of how texts are prepared, which it does not do")
        if self.judge and self.task != PREFERENCE:
            raise ValueError(f"Preset {self.name!r}: judge is of replies, which {self.task} does not compare")
        if self.cases and self.task != "text-classification":
            raise ValueError(f"Preset {self.name!r}: cases are texts that get labels, which it does not give")
        if self.task == INFERENCE and (self.labels is None or len(self.labels.order) != 3):
            raise ValueError(
                f"Preset {self.name!r}: labels name entailment, contradiction and neither, in this order"
            )
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


Offer = Loader | Backbone | Method | Metric | Preset | Command
