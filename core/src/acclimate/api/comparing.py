"""`compare`: several methods on the same rows and seeds, in one table."""

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from acclimate.api import scoring
from acclimate.api.adapting import ask
from acclimate.api.comparison_folder import SEVERAL, claim, describe
from acclimate.api.flows import flow_of
from acclimate.api.picture import draw
from acclimate.api.request import Request, check_budget, choose_output
from acclimate.api.schedule import Schedule
from acclimate.api.tabulating import tabulate
from acclimate.api.variant import read_variant
from acclimate.contracts import Comparison, OptionError, Preset
from acclimate.plugins import Host, default_host


def compare(
    preset: str | Preset,
    source: str | Path,
    *,
    methods: Sequence[str],
    seeds: int = 3,
    budget: float | None = None,
    metric: str | None = None,
    backbone: str | None = None,
    test: str | Path | None = None,
    validation: str | Path | None = None,
    output: str | Path | None = None,
    host: Host | None = None,
    shown: bool = True,
    **options: Any,
) -> Comparison:
    """Adapt a model by several methods, each with several seeds, and say which of them differ.

    Every method gets the same split of the rows under the same seed. Each run has a process of its own, so that its
    peak memory is its own and a crash ends that run only. A method that fails is listed with the reason. `output`
    gets the saved runs in `runs`, their predictions in `results`, and `comparison.json` and `comparison.svg`.
    Comparing again with the same `output` goes on where it stopped; methods and seeds can be added.

    Args:
        preset: a preset such as `"legal/clauses"`, or the object a vertical exports.
        source: the rows, as in `adapt`.
        methods: names such as `("full", "frozen", "lora")`, or with options of their own, `("lora:rank=4",
            "lora:rank=16", "full:head=random")`.
        seeds: how many seeds, from 0 on.
        budget: minutes; a run is not started when what is left is less than the longest run of its method so far
            took, or of any method where its own has none yet. A run that was started is finished.
        metric: what is compared; the preset's first metric when left out.
        backbone: as in `adapt`.
        test: a source of test rows; when left out every seed splits off its own.
        validation: a source of validation rows; when left out they are split off.
        output: the folder of the comparison; the first free `runs/PRESET-comparison-N` when left out.
        host: the plugins to use. All runs are then in this process, since another cannot know them: peak memory is
            not told, and features are shared between runs. Those installed when left out.
        shown: show progress on standard error.
        options: column names and settings as in `adapt`, the same for every method.

    Raises:
        AcclimateError: for names, options, rows or a folder that cannot be used, before any training.
    """
    started = time.monotonic()
    _check(methods, seeds, budget, options)
    plugins = host or default_host()
    options = {"folds": 0, **options}  # several seeds say more of a method than folds

    def asked(method: str | None) -> Request:
        return ask(plugins, preset, source, method, backbone, test, validation, None, options)

    request, requests = asked(None), {name: asked(name) for name in methods}
    if metric is not None:
        scoring.find_metric(plugins, request.owner, metric, task=request.preset.task)
    folder = Path(output) if output is not None else choose_output(None, f"{request.name}-comparison")
    described, findings = describe(plugins, request)
    multilabel = described["labels of a row"] == SEVERAL
    flow = flow_of(request.preset.task)
    labels = json.loads(described["labels"])
    columns = replace(request.columns, spacing=described.get("spacing of pixels", ""))
    metrics, functions = flow.compared(
        plugins, replace(request, columns=columns), metric, labels, multilabel=multilabel
    )
    claim(folder, described)
    schedule = Schedule(
        host=plugins,
        folder=folder,
        separate=host is None,
        shown=shown,
        ends=None if budget is None else started + 60 * budget,
    )
    results = schedule.run(requests, seeds)
    comparison = replace(
        tabulate(
            results,
            metrics,
            functions,
            formula=scoring.difference_of(plugins, next(iter(metrics.values())), multilabel=multilabel),
            preset=request.name,
            output=folder,
        ),
        findings=findings,
    )
    text = json.dumps(comparison.to_dict(), indent=2, ensure_ascii=False)
    (folder / "comparison.json").write_text(text + "\n", encoding="utf-8")
    (folder / "comparison.svg").write_text(draw(comparison), encoding="utf-8")
    return comparison


def _check(methods: Sequence[str], seeds: int, budget: float | None, options: dict[str, Any]) -> None:
    if isinstance(methods, str) or not methods:
        raise OptionError(f"methods are names, found {methods!r}.", "For example methods=('full', 'frozen', 'lora').")
    twice = sorted({name for name in methods if list(methods).count(name) > 1})
    if twice:
        raise OptionError(f"Methods are named twice: {', '.join(twice)}.", "Name each method once.")
    if any(read_variant(name).method == "auto" for name in methods):
        raise OptionError("A comparison takes no method 'auto'.", "Name the methods to compare.")
    if isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < 1:
        raise OptionError(f"seeds is a whole number above 0, found {seeds!r}.", "Leave seeds out for 3.")
    if budget is not None:
        check_budget(budget, "no bound")
    if "seed" in options:
        raise OptionError("A comparison takes no 'seed'.", "Say with seeds how many there are, from 0 on.")
    if options.get("options"):
        raise OptionError(
            "A comparison takes no 'options' of a method.", "Write them behind its name: 'lora:rank=16'."
        )
