"""What a run is asked to do, checked before anything is computed."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from acclimate import bundle, data, evaluation
from acclimate.contracts import (
    TOO_LONG,
    Columns,
    Finding,
    Method,
    OptionError,
    OutputError,
    Preset,
    Settings,
    did_you_mean,
)
from acclimate.plugins import Host

_COLUMNS = {field.name for field in fields(Columns)}
_SETTINGS = {field.name for field in fields(Settings)}
_WORDS = {
    "precision": ("auto", "float32", "bfloat16"),
    "head": ("probe", "random"),
    "weights": ("auto", "all", "trained"),
    "too_long": TOO_LONG,
    "bad_rows": ("error", "drop"),
    "calibration": ("temperature", "isotonic", "auto"),
    "near": ("content", "features"),
    "split_by": ("document", "query"),
    "scope_score": ("energy", "max_probability"),
    "swapped": ("error", "allow"),
}
BUDGET_MINUTES = 10.0
# Why methods of other tasks have nothing to learn from.
_WHY = {"anomaly-detection": " Good parts alone have no labels to tell apart by gradients."}
_FROM_ZERO = ("seed", "patience", "folds", "written_rows", "hard_negatives", "sft_weight")
_WHOLE = (
    "epochs",
    "max_steps",
    "batch_size",
    "max_tokens",
    "max_rows",
    "repeats",
    "image_size",
    "crop_size",
    "tiles",
    "max_new_tokens",
    "rows_at_once",
    *(name for name in _FROM_ZERO if name != "sft_weight"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One run, with every default filled in that does not depend on the data.

    `budget_minutes` bounds the search of method "auto"; `searched` is what the search says of itself, in plain JSON.
    `original` is the manifest of the run that this one repeats, where it does: rows and weights must be the same.
    """

    preset: Preset
    owner: str
    name: str
    source: str
    test: str | None
    validation: str | None
    columns: Columns
    settings: Settings
    method: str
    backbone: str
    output: Path
    budget_minutes: float = BUDGET_MINUTES
    notes: tuple[Finding, ...] = ()
    searched: Mapping[str, Any] = field(default_factory=dict)
    original: Mapping[str, Any] = field(default_factory=dict)


def find_preset(host: Host, preset: str | Preset) -> tuple[Preset, str, str]:
    """Return a preset, its owner's name and its qualified name.

    Raises:
        UnknownNameError: when no loaded plugin offers it.
    """
    if isinstance(preset, Preset):
        for name, offered in host.presets().items():
            if offered == preset:
                return preset, name.partition("/")[0], name
        raise OptionError(
            f"Preset {preset.name!r} is not offered by an installed plugin.",
            "Offer it in the plugin's register_presets, and install the plugin.",
        )
    owned = host.preset(preset)
    return owned.preset, owned.owner, owned.name


def split_options(given: dict[str, Any]) -> tuple[Columns, Settings]:
    """Sort keyword options into column names and settings, and check their ranges.

    Raises:
        OptionError: for an unknown option or a value out of range.
    """
    for name in given:
        if name not in _COLUMNS | _SETTINGS:
            raise OptionError(f"There is no option {name!r}.", did_you_mean(name, _COLUMNS | _SETTINGS))
    for name in (*_WHOLE, "learning_rate", "checkpoint_minutes", "embargo", "beta", "sft_weight"):
        if given.get(name) is not None:
            _check_number(name, given[name])
    for name, of, example in (
        ("reading", "the loader", '{"window": "lung"}'),
        ("preparing", "the preparation", '{"numbers": "shape"}'),
    ):
        value = given.get(name, {})
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise OptionError(f"{name} holds options of {of} by name, found {value!r}.", f"Such as {name}={example}.")
    data.read_label_names(given.get("label_names") or "")  # refused before anything is read
    for name in ("allow_leakage", "show_rows"):
        if not isinstance(given.get(name, False), bool):
            raise OptionError(
                f"{name} is True or False, found {given[name]!r}.", f"Leave {name} out for the default."
            )
    for name, example in (("prevalence", "0.03"), ("answer", "0.9"), ("retention", "0.95")):
        share = given.get(name)
        if share is not None and not (isinstance(share, Real) and 0 < float(share) < 1):
            raise OptionError(f"{name} is a share between 0 and 1, found {share!r}.", f"Such as {name}={example}.")
    columns = Columns(**{name: value or "" for name, value in given.items() if name in _COLUMNS})
    settings = Settings(**{name: value for name, value in given.items() if name in _SETTINGS})
    settings = replace(
        settings, metrics=_names("metrics", settings.metrics), slices=_names("slices", settings.slices)
    )
    if settings.operate:
        evaluation.read_rule(settings.operate)  # refused before anything is read
    if settings.costs:
        evaluation.read_costs(settings.costs)
    for name, words in _WORDS.items():
        value = getattr(settings, name)
        if value not in words:
            listed = " or ".join(", ".join(map(repr, words)).rsplit(", ", 1))
            raise OptionError(f"{name} is {listed}, found {value!r}.", did_you_mean(str(value), words))
    return columns, settings


def _names(option: str, given: object) -> tuple[str, ...]:
    names = tuple(given) if isinstance(given, list | tuple) else (given,)
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        example = {"metrics": '("accuracy", "brier")', "slices": '("site", "scanner")'}[option]
        raise OptionError(f"{option} are different names, found {given!r}.", f"Such as {example}.")
    return names


def _check_number(name: str, value: Any) -> None:
    kind, word = (Integral, "a whole number") if name in _WHOLE else (Real, "a number")
    number = isinstance(value, kind) and not isinstance(value, bool)
    if not number or value < 0 or (value == 0 and name not in _FROM_ZERO):
        bound = "from 0 on" if name in _FROM_ZERO else "above 0"
        raise OptionError(f"{name} is {word} {bound}, found {value!r}.", f"Leave {name} out for the default.")


def check_budget(budget: object, without: str) -> None:
    """Raise OptionError unless a budget is minutes above 0; `without` says what leaving it out means."""
    number = isinstance(budget, Real) and not isinstance(budget, bool)
    if not number or not math.isfinite(float(budget)) or float(budget) <= 0:  # type: ignore[arg-type]
        raise OptionError(f"budget is minutes above 0, found {budget!r}.", f"Leave budget out for {without}.")


def with_metrics(preset: Preset, names: tuple[str, ...]) -> Preset:
    """Return the preset with these metrics in place of its own, where any are named."""
    return replace(preset, metrics=names, multilabel_metrics=names) if names else preset


def with_embargo(preset: Preset, embargo: float | None) -> Preset:
    """Return the preset with an embargo in place of its own, where one is asked for."""
    return preset if embargo is None else replace(preset, split=replace(preset.split, embargo=embargo))


def with_preparing(preset: Preset, given: Mapping[str, Any]) -> Preset:
    """Return the preset with these options of its preparation.

    Raises:
        OptionError: for an option that it does not have.
    """
    for name in given:
        if name not in preset.preparing:
            raise OptionError(
                f"The preparation of {preset.name!r} has no option {name!r}.",
                did_you_mean(name, preset.preparing) if preset.preparing else f"Leave {name} out: it has no options.",
            )
    return replace(preset, preparing={**preset.preparing, **given}) if given else preset


def with_defaults(settings: Settings, preset: Preset) -> Settings:
    """Return the settings with the preset's defaults where nothing was asked for."""
    unset = {name: value for name, value in preset.settings.items() if getattr(settings, name) is None}
    return replace(settings, **unset)


def choose_output(output: str | Path | None, name: str) -> Path:
    """Return the output folder: the given one, else the first free `runs/NAME-1`, `-2`, …

    Raises:
        OutputError: when it exists or cannot be written.
    """
    if output is None:
        stem = name.replace("/", "-")
        count = 1
        while _is_taken(folder := Path("runs") / f"{stem}-{count}"):
            count += 1
    else:
        folder = Path(output)
    bundle.check_output(folder)
    return folder


def _is_taken(output: Path) -> bool:
    """Return whether there is a run, its checkpoint, or what stands beside one, such as its pictures."""
    beside = output.parent.glob(f"{output.name}-*")
    return output.exists() or checkpoint_file(output).exists() or next(beside, None) is not None


def checkpoint_file(output: Path) -> Path:
    """Return where the state of training is kept until the run is saved as `output`."""
    return output.with_name(f"{output.name}.checkpoint")


def check_resume(output: Path, resume: bool) -> None:
    """Check that a run which is to go on has begun, and that a new one does not overwrite what another has done.

    Raises:
        OutputError: when it is otherwise.
    """
    file = checkpoint_file(output)
    if resume and not file.is_file():
        raise OutputError(f"There is nothing to go on from: {file} does not exist.", "Leave resume out.")
    if file.is_file() and not resume:
        raise OutputError(
            f"{file} holds the state of a run that was stopped.",
            "Add resume (--resume) to go on with it, or remove the file to begin anew.",
        )


def check_method(method: Method, task: str, others: Iterable[Method]) -> None:
    """Raise OptionError, with the names of `others` that can, when a method cannot do the preset's task."""
    if task not in method.tasks:
        able = ", ".join(sorted(other.name for other in others if task in other.tasks))
        raise OptionError(
            f"Method {method.name!r} does not do {task}; it does {', '.join(method.tasks)}.{_WHY.get(task, '')}",
            f"Methods that do {task}: {able or 'none is installed'}.",
        )
