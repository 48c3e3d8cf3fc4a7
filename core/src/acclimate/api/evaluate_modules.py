"""Modules of the package `evaluate` as metrics: a folder or script on this machine, named `evaluate:PATH`.

Such a module is code. Only a file that the user names is run, as it stands: nothing is downloaded, and a name of a
hub is refused.
"""

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from acclimate.contracts import Metric, MissingPackageError, OptionError, Ref

SCHEME = "evaluate:"
ScoreFunction = Callable[[Any, Any, Any], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleMetric(Metric):
    """A metric whose score is the one number that a module of `evaluate` computes from class indices."""

    script: Path

    def function(self) -> ScoreFunction:
        """Return the score as a function of truth [rows], scores [rows, classes] and whole weights [rows].

        Modules know no weights: a row that counts twice is given to it twice.
        """
        module = _module(self.script)

        def score(truth: Any, scores: Any, weights: Any) -> float:
            counts = weights.astype(np.int64)
            return _number(
                module.compute(
                    predictions=scores.argmax(axis=1).repeat(counts).tolist(),
                    references=truth.repeat(counts).tolist(),
                ),
                self.script,
            )

        return score


def module_metric(name: str, task: str) -> ModuleMetric:
    """Return the metric `evaluate:PATH` for a task of single labels, once its module has been imported.

    Raises:
        MissingPackageError: without the package `evaluate`.
        OptionError: when the path is no module here, or the module cannot be used so.
    """
    script = _script(name)
    if find_spec("evaluate") is None:
        raise MissingPackageError(
            f"Metric {name!r} needs the package 'evaluate'.", "Install it: pip install 'acclimate[evaluate]'."
        )
    _module(script)
    slug = re.sub(r"[^a-z0-9]+", "-", script.stem.lower()).strip("-") or "module"
    return ModuleMetric(
        name=f"evaluate.{slug}",
        summary=f"What the module {script.name} of the package evaluate computes.",
        tasks=(task,),
        score=Ref(f"{__name__}:ModuleMetric"),
        script=script,
    )


def named_by_run(manifest: Mapping[str, Any], folder: Path) -> tuple[str, ...]:
    """Return the metrics that a saved run names. A run is data, and data does not say which code runs: no modules.

    Raises:
        OptionError: when one of them is a module.
    """
    names = tuple(manifest["results"]["metrics"])
    asked = tuple(manifest["request"]["options"].get("metrics", ()))
    modules = [name for name in (*names, *asked) if str(name).startswith(SCHEME)]
    if modules:
        raise OptionError(
            f"The run {folder} was measured by {modules[0]!r}, code that is run only where you name it.",
            f"Name the metrics: --metrics {','.join(names)}.",
        )
    return names


def _script(name: str) -> Path:
    """Return the script of `evaluate:PATH`; that of a folder has the folder's name, as `evaluate` has it."""
    given = name.removeprefix(SCHEME)
    path = Path(given).expanduser().resolve()
    script = path / f"{path.name}.py" if path.is_dir() else path
    if given and script.is_file() and script.suffix == ".py":
        return script
    if given and path.is_dir():
        raise OptionError(
            f"Expected the script {script.name} in {path}, found none.", "Name the script itself: evaluate:PATH.py."
        )
    raise OptionError(
        f"Metric {name!r} names no folder and no script of this machine; a name of a hub is not loaded, since that "
        "would run code that nobody here has read.",
        "Download the module, review it, and name its folder: evaluate:./NAME.",
    )


@lru_cache
def _module(script: Path) -> Any:
    """Import a script and return the module that it defines, ready to compute."""
    import evaluate  # an optional package, imported only where a module is named

    # Its own name: a module called as an installed package must not take its place.
    found = spec_from_file_location(f"acclimate_evaluate_{script.stem}", script)
    if found is None or found.loader is None:
        raise OptionError(f"Expected a Python script, found {script}.")
    code = module_from_spec(found)
    sys.modules[found.name] = code  # dataclasses of the script look themselves up there
    found.loader.exec_module(code)
    kinds: list[Any] = [
        each
        for each in vars(code).values()
        if isinstance(each, type) and issubclass(each, evaluate.EvaluationModule) and each.__module__ == found.name
    ]
    if len(kinds) != 1:
        names = ", ".join(kind.__name__ for kind in kinds) or "none"
        raise OptionError(f"Expected one class of evaluate.Metric in {script}, found {names}.")
    if kinds[0]._download_and_prepare is not evaluate.EvaluationModule._download_and_prepare:
        raise OptionError(
            f"The module {script} downloads what it needs, which is not done here.",
            "Change it to read files beside it.",
        )
    module = kinds[0](keep_in_memory=True)
    features = module.features[0] if isinstance(module.features, list) else module.features
    if set(features) != {"predictions", "references"}:
        raise OptionError(f"Expected {script} to read predictions and references, found {', '.join(features)}.")
    return module


def _number(result: Any, script: Path) -> float:
    """Return the only number of a result."""
    if not isinstance(result, dict) or len(result) != 1 or not isinstance(next(iter(result.values())), Real):
        raise OptionError(
            f"Expected one number from {script}, found {result!r}.",
            "Change the module's _compute to return {name: number}.",
        )
    return float(next(iter(result.values())))
