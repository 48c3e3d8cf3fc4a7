"""The nouns of a run: what is asked for and what is planned."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which columns of the source hold what; an empty name is inferred from the source's own names.

    `label_separator` stands between the labels of a row where the label column is text ("Cap|Term"); it is never
    guessed. Without it a text is one label, and a list is several. `label_names` says what the labels of the source
    stand for, as "0=negative,1=neutral,2=positive"; those that it does not name stay as they are.

    `time` is "none" where rows are not to be split by a column of dates that the preset would split them by.

    `mask` holds the path of each image's mask, `spacing` "row,column": how many millimetres lie between its pixels;
    "none" measures in pixels where the preset knows such a column.

    `prompt` and `response` hold what a user says and what is to be answered, where rows have no column `messages`.

    Of a search, `query` and `document` hold a question and what answers it; `document_id` names the document, so that
    several queries point to one; `document_time` is when it came to be.

    Of preferences, `chosen` and `rejected` hold two replies of which the first is preferred; where rows have one
    reply each (`response`), `approved` says whether it is what is wanted.
    """

    text: str = ""
    image: str = ""
    mask: str = ""
    spacing: str = ""
    prompt: str = ""
    response: str = ""
    label: str = ""
    label_separator: str = ""
    label_names: str = ""
    group: str = ""
    time: str = ""
    id: str = ""
    query: str = ""
    document: str = ""
    document_id: str = ""
    document_time: str = ""
    chosen: str = ""
    rejected: str = ""
    approved: str = ""

    @property
    def timed(self) -> bool:
        """Whether a column of times is named."""
        return self.time not in ("", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The numbers of a run; `None` is chosen by the method for the backbone at hand.

    `epochs` passes over the training rows, `max_steps` a bound on optimizer steps, `learning_rate` the peak
    rate of the top layer, `max_tokens` the length at which a text is cut, `max_rows` a stratified sample of
    the source, `precision` the arithmetic of matrix products ("auto" measures the machine once), `head` where
    training starts: "probe", the head solved on frozen features, or "random". `checkpoint_minutes` is how often the
    state of training is written beside the output, so that a run that is stopped can go on. `allow_leakage` lets a
    run go on that would stop because its test rows are not independent of its training rows; the report says so. Rows
    that repeat each other are then dealt like all others, not kept in one part. `metrics` are names in place of the
    preset's; the first one decides.

    `positive` is the label that is looked for, one against the rest; `operate` what the threshold from which a row is
    flagged is to reach on the validation rows: "sensitivity=0.95", "specificity=0.9", "precision=0.8" or "cost=10:1"
    (a miss costs ten false alarms); a probability of 0.5 where nothing is said. Where rows may carry several labels
    it is what each label's threshold is to reach, the best F1 otherwise. `costs` are the labels as grades, from the
    lowest to the highest, and what a call costs for each place that it is too low and too high
    ("low<medium<high=5:1"): each row is then also given the label whose expected cost is least. `prevalence` is the
    share of rows that is positive in use. `answer` is the share of rows to answer, the surest ones; the others are
    left to a person.
    `retention` is the share of rows with one of the labels that is to be kept; rows of a lower score are told to be
    out of scope, by "energy" (the log of the sum of the exponentials of the logits) or "max_probability".
    `out_of_scope` is the label of rows that have none of the others: they train nothing, and measure how well that
    works; "none" makes them rows of a label like all others.
    `slices` are columns whose values are scored as subgroups. `show_rows` puts test rows that the
    model gets wrong into the report. `embargo` leaves out rows so many days before a later part, where rows are split
    by time. `folds` measures by cross-validation over all rows too, `repeats` times with other folds; None only where
    rows are few and it takes seconds, 0 never. `data_licence` is what the report says of the data. `weights` says
    what is saved: "all", or only what was "trained", which needs the very backbone again when it is loaded; "auto" is
    "all", but of language models only what was trained where a method adds to them.
    `calibration` makes probabilities fit the validation rows: one "temperature", "isotonic" curves, which need 1,000
    of them and 100 of each label, or "auto", which takes curves where these are clearly better. `near` says by what
    rows across parts are compared: their "content", or also the "features" that the frozen backbone gives them.
    `reading` are options of the loader by name, `preparing` those of the preset's preparation of a text or image.

    `image_size` is the side in pixels of the square to which images are scaled, instead of the backbone's own: more
    shows smaller things and costs time by its square. With masks it is the longer side, and larger images are scaled
    down to it.

    Of masks, `classes` names what their values stand for, from 0 on ("background,lesion", or a file with one name on
    each line); `decoder` is "unet" or "fpn"; `crop_size` the side of the squares that training reads, `tiles` the
    side of those in which larger images are computed; with it images are not scaled down unless `image_size` is
    given. `minimum_area` is the least area in pixels of a region that is kept in a predicted mask, `mask_threshold`
    the probability from which a pixel counts; "auto" lets validation images choose, 0 keeps every region of the
    likeliest class.

    Of chats, `system` is the system prompt of those that bring none; `too_long` what becomes of those with more than
    `max_tokens`: "error" refuses them, "truncate" cuts them there, "drop" leaves them out, "split" parts them between
    turns; `bad_rows` whether rows that are no chats are refused ("error") or left out ("drop"). `max_new_tokens`
    bounds an answer (twice the longest one of the training rows where nothing is said), `written_rows` is how many
    test rows are answered for the report, `general_text` a file of general texts on which it is measured what was
    forgotten.

    Of a search, `corpus` is a source of further documents that are searched too; `split_by` says what never stands in
    two parts: a "document" with all queries that it answers, or a "query" alone. `hard_negatives` are the wrong
    documents nearest to each query that it is taught to be told from, beside those of its batch. Nothing whose
    untuned features have a cosine of `alike` or more with something right counts as wrong. `rows_at_once` bounds the
    texts that training holds in memory: larger batches have the same gradient, computed in pieces. `fusion` is the
    weight of BM25 in the ranking, from 0 to 1; "auto" lets validation queries choose.

    Of preferences, `beta` is how dearly a step away from the untuned model is paid (0.1 where nothing is said);
    `sft_weight` that of the cross-entropy of chosen replies beside the loss of pairs (1); `card` a file by which the
    preset's plugin scores replies, `swapped` whether pairs whose chosen replies score lower than the rejected ones
    are refused ("error") or trained on ("allow").

    Of parts that are inspected, `good` is the label of good ones; one with a usual name where nothing is said. Of
    images with labels it is what method "fused" compares others with. Where good parts alone are learned,
    `operate` is "overkill=0.01", "escape=0.05" or "cost=200:4" (what a defective part that passes costs, and a good
    one that is rejected), and with `tiles` each of them is scaled to `image_size`.
    """

    epochs: int | None = None
    max_steps: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    patience: int | None = None
    max_tokens: int | None = None
    max_rows: int | None = None
    seed: int = 0
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    head: Literal["probe", "random"] = "probe"
    checkpoint_minutes: float = 5.0
    metrics: tuple[str, ...] = ()
    allow_leakage: bool = False
    positive: str = ""
    operate: str = ""
    costs: str = ""
    prevalence: float | None = None
    answer: float | None = None
    out_of_scope: str = ""
    retention: float | None = None
    scope_score: Literal["energy", "max_probability"] = "energy"
    slices: tuple[str, ...] = ()
    show_rows: bool = True
    embargo: float | None = None
    folds: int | None = None
    repeats: int = 3
    data_licence: str = ""
    weights: Literal["auto", "all", "trained"] = "auto"
    calibration: Literal["temperature", "isotonic", "auto"] = "temperature"
    near: Literal["content", "features"] = "content"
    reading: Mapping[str, Any] = field(default_factory=dict)
    preparing: Mapping[str, Any] = field(default_factory=dict)
    classes: str = ""
    decoder: str = ""
    image_size: int | None = None
    crop_size: int | None = None
    tiles: int | None = None
    minimum_area: int | str = "auto"
    mask_threshold: float | str = "auto"
    system: str = ""
    too_long: Literal["error", "truncate", "drop", "split"] = "error"
    bad_rows: Literal["error", "drop"] = "error"
    max_new_tokens: int | None = None
    written_rows: int = 32
    general_text: str = ""

    corpus: str = ""
    split_by: Literal["document", "query"] = "document"
    hard_negatives: int | None = None
    alike: float = 0.95
    rows_at_once: int | None = None
    fusion: float | str = "auto"
    beta: float | None = None
    sft_weight: float | None = None
    card: str = ""
    swapped: Literal["error", "allow"] = "error"
    good: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a choice of backbone or method is made for; `multilabel` says that a row may carry several labels."""

    task: str
    modality: Literal["text", "image"]
    rows: int
    labels: tuple[str, ...]
    multilabel: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What is learned instead of the cross-entropy of the head's logits, and from which batches.

    `loss(features, truth)` is a scalar from the pooled features [batch, width] in float32 and the class of each row
    [batch]. `draw(truth, batch_size, seed, epoch)` yields the row numbers of each batch of an epoch, of which the
    first is 0 and which has `steps(batch_size)` batches; the same arguments give the same batches, so that a run that
    was stopped can go on. The head has no part in the loss: it is solved again on the features of each epoch.

    A batch of more rows than `rows_at_once` goes through the model in pieces of so many, twice each (Gao et al. 2021,
    "Scaling deep contrastive learning batch size under memory limited setup"): the gradient is that of the whole
    batch, and memory that of a piece. 0 never does.
    """

    loss: Callable[[Any, Any], Any]
    draw: Callable[[Any, int, int, int], Iterator[list[int]]]
    steps: Callable[[int], int]
    rows_at_once: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a model will be adapted. Making a plan checks the options and leaves the model as it was.

    `adapter` describes, in plain JSON, what the method's `install` adds to or changes in the model, so that a saved
    run can be rebuilt. `groups` is called once on the model with its adapter installed: it says which parameters
    train (`requires_grad`) and returns optimizer groups (`params`, `lr`, `weight_decay`, and `from_epoch` for
    parameters that stay frozen until then). No `groups` means that the head is solved in closed form on cached
    features and nothing else changes, but for what an `adapter` puts beside the features, which learns first.

    `head` is where training starts: "probe" is the head solved on frozen features, "random" a new one. `solver`
    solves the probe: scikit-learn, or torch, which fits all labels at once.
    `frozen_statistics` keeps batch-normalisation layers on the statistics they were pretrained with. `augment` turns
    on label-preserving augmentation of images. `average` is the decay per step of a moving average of the weights,
    which is then what is validated and kept; 0 keeps the weights themselves. Training stops after `patience` epochs
    without a better one. `objective` is what is learned; None is the cross-entropy of the logits.
    """

    method: str
    groups: Callable[[Any], Sequence[Mapping[str, Any]]] | None = None
    adapter: Mapping[str, Any] = field(default_factory=dict)
    head: Literal["probe", "random"] = "probe"
    solver: Literal["sklearn", "torch"] = "sklearn"
    epochs: int = 0
    batch_size: int = 16
    warmup: float = 0.1
    clip: float = 1.0
    frozen_statistics: bool = True
    augment: bool = False
    average: float = 0.0
    patience: int = 2
    objective: Objective | None = None

    @property
    def trains(self) -> bool:
        """Whether gradient steps are taken."""
        return self.groups is not None

    @property
    def adds(self) -> bool:
        """Whether the model is another than frozen features under a head."""
        return self.trains or bool(self.adapter)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """Progress of a run, told to every plugin's `observe`.

    `kind` is one of "started", "split", "features", "epoch", "evaluated", "written".
    """

    kind: Literal["started", "split", "features", "epoch", "evaluated", "written"]
    preset: str
    details: Mapping[str, Any] = field(default_factory=dict)
