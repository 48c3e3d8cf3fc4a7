"""What the manifest of a run says, and what each field must be before anything is built from it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from acclimate import bundle
from acclimate.bundle import fields
from acclimate.contracts import INFERENCE, STACKS, SUMMARIES, TASKS, BundleError

_FIELDS: Mapping[str, fields.Test] = {
    "preset": fields.is_text,
    "task": fields.one_of(*TASKS),
    "method": fields.is_text,
    "backbone.name": fields.is_text,
    "backbone.source": fields.is_text,
    "backbone.licence": fields.is_text,
    "backbone.weights": fields.is_hash,
    "stored": fields.one_of("all", "trained"),
    "spec.modality": fields.one_of("text", "image", "volume"),
    "spec.config.model_type": fields.is_text,
    "spec.arguments": fields.is_map,
    "spec.pooling": fields.one_of("mean", "cls", "last", "own", "stages"),
    "spec.unit_norm": fields.is_flag,
    "spec.max_tokens": fields.is_count_or_null,
    "adapter": fields.is_map,
    "install": fields.is_text,
    "prepare": fields.is_text,
    "preparing": fields.is_map,
    "preprocessing": fields.is_hash,
    "precision": fields.one_of("float32", "bfloat16"),
    "seed": fields.is_count,
    "request.preset": fields.is_text,
    "request.source": fields.is_text,
    "request.test": fields.is_text_or_null,
    "request.validation": fields.is_text_or_null,
    "request.method": fields.is_text,
    "request.backbone": fields.is_text,
    "request.options": fields.is_map,
    "request.budget_minutes": fields.is_number,
    "command": fields.is_text,
    "data.fingerprint": fields.is_hash,
    "data.split": fields.is_hash,
    "data.parts.train": fields.is_map,
    "data.parts.validation": fields.is_map,
    "data.parts.test": fields.is_map,
    "results.metrics": fields.is_map_of_maps,
    "plugins": fields.is_map_of_texts,
    "distributions": fields.is_map_of_texts,
    "hardware.processor": fields.is_text,
    "hardware.device": fields.is_text,
    "hardware.threads": fields.is_count,
}
# What is said of a run that sorts rows into labels, of one that gives masks, and of one that searches.
_LABELS: Mapping[str, fields.Test] = {
    "labels": fields.is_labels,
    "training_rows_by_label": fields.is_counts,
    "multilabel": fields.is_flag,
    "thresholds": fields.is_numbers_or_null,
    "decisions.positive": fields.is_text,
    "decisions.rule": fields.is_text,
    "decisions.threshold": fields.is_number_or_null,
    "decisions.reached": fields.is_map,
    "decisions.prevalence": fields.is_number_or_null,
    "decisions.set_threshold": fields.is_number_or_null,
    "decisions.set_rows": fields.is_count,
    "decisions.answer_threshold": fields.is_number_or_null,
    "decisions.outside": fields.is_text,
    "decisions.scope_score": fields.one_of("", "energy", "max_probability"),
    "decisions.scope_threshold": fields.is_number_or_null,
    "decisions.retention": fields.is_number_or_null,
    "decisions.scope_reached": fields.is_map,
    "decisions.scope_levels": fields.is_map_of_numbers,
    "decisions.costs": fields.is_text,
    "decisions.cost_reached": fields.is_map_of_numbers,
    "calibration.temperature": fields.is_number,
    "calibration.curves": fields.is_curves,
}
_STACKS: Mapping[str, fields.Test] = {
    **_LABELS,
    "spec.modality": fields.one_of("image"),
    "spec.attention_width": fields.is_count,
}
_VOLUMES: Mapping[str, fields.Test] = {
    **_LABELS,
    "spec.config.architecture": fields.is_text,
    "spec.config.channels": fields.is_count,
    "spec.config.arguments": fields.is_map,
}
_CHATS: Mapping[str, fields.Test] = {
    "labels": fields.is_empty,
    "spec.modality": fields.one_of("text"),
    "spec.writes": fields.is_flag,
    "spec.max_tokens": fields.is_count,
    "answers.max_new_tokens": fields.is_count,
}
_PREFERENCES: Mapping[str, fields.Test] = {
    **_CHATS,
    "preferences.loss": fields.one_of("dpo", "kto"),
    "preferences.beta": fields.is_number,
    "preferences.sft_weight": fields.is_number,
}
_MASKS: Mapping[str, fields.Test] = {
    "labels": fields.is_labels,
    "training_rows_by_label": fields.is_counts,
    "spec.modality": fields.one_of("image"),
    "spec.decoder": fields.one_of("unet", "fpn"),
    "spec.longest": fields.is_count,
    "masks.thresholds": fields.is_shares_or_nulls,
    "masks.minimum_pixels": fields.is_counts,
    "request.options.classes": fields.is_text,
    "request.options.spacing": fields.is_text,
}
_SPANS: Mapping[str, fields.Test] = {
    "spec.modality": fields.one_of("text"),
    "spec.units": fields.one_of("words", "pieces"),
    "spans.outside": fields.is_number,
    "spans.columns": fields.is_text,
    "spans.told": fields.is_texts,
}
_ANSWERS: Mapping[str, fields.Test] = {
    "spec.modality": fields.one_of("text"),
    "spec.overlap": fields.is_count,
    "answers.scale": fields.is_number,
    "answers.shift": fields.is_number,
    "answers.threshold": fields.is_number,
    "answers.longest": fields.is_count,
    "answers.questions": fields.is_texts,
}
_HYPOTHESES: Mapping[str, fields.Test] = {
    "spec.modality": fields.one_of("text"),
    "spec.asserts": fields.is_flag,
    "entailment.scale": fields.is_number,
    "entailment.shift": fields.is_number,
    "entailment.threshold": fields.is_number,
    "entailment.weight": fields.is_numbers,
    "entailment.bias": fields.is_numbers,
    "entailment.hypotheses": fields.is_texts,
}
_SUMMARIES: Mapping[str, fields.Test] = {
    "spec.modality": fields.one_of("text"),
    "spec.asserts": fields.is_flag,
    "summaries.weight": fields.is_numbers,
    "summaries.bias": fields.is_number,
    "summaries.sentences": fields.is_count,
}
_SEARCH: Mapping[str, fields.Test] = {
    "labels": fields.is_empty,
    "spec.modality": fields.one_of("text"),
    "spec.embeds": fields.is_flag,
    "search.documents": fields.is_count,
    "search.width": fields.is_count,
    "search.dated": fields.is_flag,
    "search.timed": fields.is_flag,
    "search.fusion": fields.is_share,
}
_PARTS: Mapping[str, fields.Test] = {
    "spec.modality": fields.one_of("image"),
    "spec.strides": fields.is_counts,
    "spec.neighbourhood": fields.is_count,
    "adapter.scorer": fields.is_text,
    "inspection.rule": fields.is_text,
    "inspection.threshold": fields.is_number,
    "inspection.map_threshold": fields.is_number,
    "inspection.calibration": fields.is_count,
    "inspection.defective": fields.is_count,
    "inspection.prevalence": fields.is_number_or_null,
    "request.options.good": fields.is_text,
}
_OWN: Mapping[str, Mapping[str, fields.Test]] = {
    STACKS: _STACKS,
    "anomaly-detection": _PARTS,
    "image-segmentation": _MASKS,
    "question-answering": _ANSWERS,
    INFERENCE: _HYPOTHESES,
    SUMMARIES: _SUMMARIES,
    "sentence-similarity": _SEARCH,
    "preference": _PREFERENCES,
    "text-generation": _CHATS,
    "token-classification": _SPANS,
}


def task_of(folder: Path) -> str:
    """Return the task of a saved run, from its manifest, whose seal holds; nothing else was looked at.

    Raises:
        BundleError: when the folder is no run, or its manifest is malformed or was changed.
    """
    manifest = bundle.open_manifest(folder)
    bundle.check_fields(folder / bundle.MANIFEST, manifest, {"task": _FIELDS["task"]})
    return str(manifest["task"])


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a saved run with all its fields checked; nothing has been built from it yet.

    Raises:
        BundleError: as `bundle.read_manifest`; for a field that is missing or malformed, or does not fit the others.
    """
    manifest = bundle.read_manifest(folder)
    file = folder / bundle.MANIFEST
    bundle.check_fields(file, manifest, {"task": _FIELDS["task"]})
    task = manifest["task"]
    bundle.check_fields(file, manifest, {"spec.modality": _FIELDS["spec.modality"]})
    whole = task == STACKS and manifest["spec"]["modality"] == "volume"
    own = _VOLUMES if whole else _OWN.get(task, _LABELS)
    bundle.check_fields(file, manifest, {**_FIELDS, **own})
    if task == "anomaly-detection":
        if len(manifest["labels"]) != 2:
            raise _unfit(file, "labels", "the names of good and of defective parts")
    elif own in (_LABELS, _STACKS, _VOLUMES):
        _check_labels(file, manifest)
    elif task == "image-segmentation" and any(
        len(manifest["masks"][name]) + 1 != len(manifest["labels"]) for name in ("thresholds", "minimum_pixels")
    ):
        raise _unfit(file, "masks", "a threshold and a least area for each label but the first")
    return manifest


def _check_labels(file: Path, manifest: Mapping[str, Any]) -> None:
    labels, thresholds = manifest["labels"], manifest["thresholds"]
    if manifest["multilabel"] != (thresholds is not None) or len(thresholds or labels) != len(labels):
        raise _unfit(file, "thresholds", "one for each label where rows may carry several, else null")
    curves = manifest["calibration"]["curves"]
    if curves and len(curves) != (1 if len(labels) == 2 and not manifest["multilabel"] else len(labels)):
        raise _unfit(file, "calibration.curves", "one for each label, or a single one for two labels of one row")
    decided = manifest["decisions"]
    if decided["threshold"] is not None and decided["positive"] not in labels:
        raise _unfit(file, "decisions.positive", "one of them where there is a threshold")
    if decided["scope_threshold"] is not None and not (decided["scope_score"] and decided["retention"]):
        raise _unfit(file, "decisions.scope_threshold", "a score and a share to keep beside it")
    if len(manifest["training_rows_by_label"]) != len(labels):
        raise _unfit(file, "training_rows_by_label", "one count for each label")


def asked_by(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a saved run was asked, as the arguments of `adapting.ask`, with what it found."""
    asked = {name: value for name, value in manifest["request"].items() if name != "budget_minutes"}
    if asked["method"] == "auto":
        asked["method"] = manifest["method"]
    if asked["backbone"] == "auto":
        asked["backbone"] = manifest["backbone"]["source"]
    return asked


def read_with(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that the loader of a saved run was given."""
    return dict(manifest["request"]["options"].get("reading", {}))


def _unfit(file: Path, name: str, expected: str) -> BundleError:
    return BundleError(
        f"Field {name!r} of {file} does not fit its labels: expected {expected}.", "Restore the run from a copy."
    )
