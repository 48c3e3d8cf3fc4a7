"""Method `auto` for parts: from good ones alone to kinds of defects and to their places, as far as rows go."""

import math
import shutil
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import torch

from acclimate import bundle
from acclimate.api import adapting
from acclimate.api.detecting import rows
from acclimate.api.detecting.stock import CLASSES, MASKS, Stock, table_of
from acclimate.api.earlier import beside, told_of
from acclimate.api.flows import flow_of
from acclimate.api.request import Request, find_preset
from acclimate.api.segmenting import flow as segmenting
from acclimate.api.segmenting import learning
from acclimate.contracts import BackboneError, DataError, Finding, MissingPackageError
from acclimate.plugins import Host

# What a run on labels or masks is asked as the one on good parts was.
_KEPT = (
    "seed",
    "max_rows",
    "allow_leakage",
    "show_rows",
    "data_licence",
    "precision",
    "image_size",
    "weights",
    "checkpoint_minutes",
)
_OF_MASKS = 0.5  # the share of the budget that training on masks may take
_LEAST_MINUTES = 1 / 60


def climb(host: Host, request: Request, folder: Path, shown: bool) -> adapting.Run:
    """Learn good parts; then kinds of defects, where each has enough parts; then places, where enough have masks.

    The last run is saved as `request.output`, those before it beside it, and beside them the tables that later ones
    read. Each run deals its rows to parts itself, and is measured on its own test rows. Kinds of defects have the
    minutes of the budget that good parts leave; masks are learned where training on them is estimated to take half of
    them at most. Where a run fails, those before it stay with the tables that they read, and no others.
    """
    ends, ladder = perf_counter() + 60 * request.budget_minutes, request.preset.ladder
    for name in (request.preset.name, *ladder, *(f"{name}-rows" for name in ladder)):
        bundle.check_output(beside(request.output, name))
    tables = rows.read_tables(host, request, folder / "parts")
    rows.deal_tables(host, request, tables)  # what cannot be learned is refused before more is looked at
    stock = Stock.of(request, tables, folder)
    first = replace(request, method=request.preset.method, output=beside(request.output, request.preset.name))
    asked, reasons, reserved = [first], [], 0.0
    unread: list[Path] = []  # folders of tables that no run has learned from yet
    try:
        for name in ladder:
            further, seconds, reason = _look_ahead(host, request, stock, name, folder / name)
            if further is None:
                reasons.append(f"{name} was not reached: {reason}")
            else:
                unread.append(Path(further.source).parent)
                asked.append(further)
                reserved += seconds
        asked[-1] = replace(asked[-1], output=request.output)
        done = None
        for each in asked:
            onwards = _went_on(each.name) if each is not asked[-1] else _stopped(each.name, reasons)
            told = () if done is None else (told_of(done.report, "earlier"),)
            left = (ends - perf_counter() - reserved) / 60
            budget = max(left, _LEAST_MINUTES) if each.method == "auto" else each.budget_minutes
            now = replace(each, notes=(*each.notes, *told, onwards), budget_minutes=budget)
            done = replace(adapting.run(host, now, shown=shown), earlier=done)
            if told:
                unread.pop(0)
    finally:
        for left_behind in unread:
            shutil.rmtree(left_behind)
    assert done is not None, "good parts are always learned"
    return done


def _look_ahead(
    host: Host, request: Request, stock: Stock, name: str, folder: Path
) -> tuple[Request | None, float, str]:
    """Return what is to be asked of a preset, with the seconds to keep for it; or None and why it is out of reach."""
    preset, _, qualified = find_preset(host, f"{request.owner}/{name}")
    if reason := stock.lacking(preset.task):
        return None, 0.0, reason
    tables = beside(request.output, f"{name}-rows")
    with ExitStack() as undo:
        with bundle.writing(tables) as partial:
            stock.write(preset.task, partial)
        undo.callback(shutil.rmtree, tables)
        try:
            asked = _asked(host, request, stock, qualified, preset.task, tables)
            if preset.task == MASKS:
                _, subject, plan = segmenting.prepared(host, asked, folder, shown=False)
                seconds = learning.seconds(subject, plan)
            else:
                flow_of(preset.task).deal(host, asked, folder)
                seconds = 0.0
        except (BackboneError, DataError, MissingPackageError) as error:
            return None, 0.0, str(error)
        except torch.OutOfMemoryError:
            return None, 0.0, "a training step takes more memory than there is."
        if reason := _too_long(seconds, request.budget_minutes):
            return None, 0.0, reason
        undo.pop_all()
    return asked, seconds, ""


def _asked(host: Host, request: Request, stock: Stock, qualified: str, task: str, tables: Path) -> Request:
    masks = {"mask": "mask", "classes": ",".join(CLASSES), "tiles": request.settings.tiles}
    own = masks if task == MASKS else {"label": "label", "good": stock.good}
    grouped = {"group": "group"} if "group" in stock.rows["train"][0] else {}
    kept = {name: getattr(request.settings, name) for name in _KEPT}
    parts = {part: table_of(tables, part) for part in stock.rows}
    return adapting.ask(
        host,
        qualified,
        parts["train"],
        None if task == MASKS else "auto",
        None if request.backbone == request.preset.backbone else request.backbone,
        parts.get("test"),
        parts.get("validation"),
        beside(request.output, qualified.partition("/")[2]),
        {"id": "id", "image": "image", **grouped, **own, **kept},
    )


def _too_long(seconds: float, budget: float) -> str:
    minutes = seconds / 60
    if minutes <= _OF_MASKS * budget:
        return ""
    return (
        f"training on masks takes about {minutes:.0f} minutes here, and may take half of the budget of {budget:g}. "
        f"Give it more (--budget {math.ceil(minutes / _OF_MASKS)}), or adapt that preset by itself."
    )


def _went_on(name: str) -> Finding:
    return Finding(code="ladder", level="note", message=f"Method auto went on from {name}: there is enough to learn.")


def _stopped(name: str, reasons: list[str]) -> Finding:
    why = " ".join(reasons) or "There is no further step."
    return Finding(code="ladder", level="note", message=f"Method auto went as far as {name}: {why}")
