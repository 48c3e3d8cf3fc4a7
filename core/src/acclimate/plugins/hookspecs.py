"""Everything a plugin may do, one function for each hook.

A plugin is a module that an entry point of the group "acclimate" names:

    [project.entry-points.acclimate]
    finance = "acclimate_finance.plugin"

It defines as many of the functions below as it needs, each marked with `@hookimpl`, and imports nothing heavy:
the code that needs torch or numpy lives in other modules and is named by a `Ref`, resolved on first use.
A hook may take fewer arguments than its specification, never others. There are two kinds, told apart by the verb:

- `register_*` is called once, when plugins are loaded, and gives descriptions ("offers").
- `choose_*`, `review_report` and `observe` are called during a run. The `choose_*` and `review_report` of a
  plugin are asked only when the run's preset is its own, so installing a plugin never changes another's runs.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pluggy

from acclimate.contracts import (
    Backbone,
    Command,
    Finding,
    Loader,
    Method,
    Metric,
    Need,
    Preset,
    Report,
    RunEvent,
)

PROJECT = "acclimate"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def register_loaders() -> Iterable[Loader]:
    """Offer ways to read rows from a file format, a folder or a service.

    Asked of every plugin, once. Return or yield `Loader` objects, each name once. The loader is found by the
    ending of the source, by its scheme ("hub" in "hub:owner/name"), by `choose_loader`, or by its name.

        @hookimpl
        def register_loaders():
            yield Loader(
                name="ledger",
                summary="One row for each booking of a ledger export.",
                read=Ref("acclimate_finance.ledger:read"),
                suffixes=(".ledger",),
            )
    """
    return ()


@hookspec
def register_backbones() -> Iterable[Backbone]:
    """Offer pretrained models that suit the trade.

    Asked of every plugin, once. Return or yield `Backbone` objects, each name once.

        @hookimpl
        def register_backbones():
            yield Backbone(
                name="ledger-bert",
                summary="BERT pretrained on bookkeeping texts.",
                modality="text",
                source="acme/ledger-bert",
                licence="Apache-2.0",
                pooling="cls",
            )
    """
    return ()


@hookspec
def register_methods() -> Iterable[Method]:
    """Offer ways to adapt a backbone.

    Asked of every plugin, once. Return or yield `Method` objects, each name once.

        @hookimpl
        def register_methods():
            yield Method(
                name="last-layer",
                summary="Trains the head and the last layer only.",
                tasks=("text-classification",),
                plan=Ref("acclimate_finance.last_layer:plan"),
            )
    """
    return ()


@hookspec
def register_metrics() -> Iterable[Metric]:
    """Offer scores that the trade decides by.

    Asked of every plugin, once. Return or yield `Metric` objects, each name once.

        @hookimpl
        def register_metrics():
            yield Metric(
                name="cost-of-errors",
                summary="Mean cost in euros of a wrongly booked row.",
                tasks=("text-classification",),
                score=Ref("acclimate_finance.costs:cost_of_errors"),
                better="lower",
            )
    """
    return ()


@hookspec
def register_presets() -> Iterable[Preset]:
    """Offer the jobs that users ask for by name: "finance/sentiment" is preset `sentiment` of plugin `finance`.

    Asked of every plugin, once. Return or yield `Preset` objects, each name once. A preset names its backbone,
    method, loader and metrics: its plugin's own offers and core's by their bare names, others as "plugin/name".

        @hookimpl
        def register_presets():
            yield Preset(
                name="sentiment",
                summary="Is a headline good or bad news for its company?",
                task="text-classification",
                metrics=("accuracy", "cost-of-errors"),
            )
    """
    return ()


@hookspec
def register_commands() -> Iterable[Command]:
    """Offer commands of the trade: "acclimate reconcile" where a `Command` has the name "reconcile".

    Asked of every plugin, once. Return or yield `Command` objects, each name once. A name that core or another plugin
    has already is refused: the plugin that comes later does not load.

        @hookimpl
        def register_commands():
            yield Command(
                name="reconcile",
                summary="Compare the bookings of two ledgers.",
                run=Ref("acclimate_finance.reconcile:reconcile"),
            )
    """
    return ()


@hookspec(firstresult=True)
def choose_loader(source: str, task: str, candidates: Sequence[Loader]) -> str | None:
    """Name the loader for a source when the preset says "auto".

    Asked of the plugin that owns the preset, then of core, which goes by scheme, ending and kind of folder.
    `task` is that of the preset; `candidates` are the owner's loaders, then core's. Return the name of one of them,
    or None to leave the choice to core. Any other answer stops the run with an error that names the plugin.

        @hookimpl
        def choose_loader(source):
            return "ledger" if source.endswith("/bookings") else None
    """


@hookspec(firstresult=True)
def choose_backbone(need: Need, candidates: Sequence[Backbone]) -> str | None:
    """Name the pretrained model for a job when neither the preset nor the user does.

    Asked of the plugin that owns the preset, then of core. `need` says the task, the modality, how many rows
    there are and the labels; `candidates` are the owner's and core's backbones of that modality. Return the name
    of one of them, or None.

        @hookimpl
        def choose_backbone(need):
            return "ledger-bert" if need.rows > 5_000 else None
    """


@hookspec(firstresult=True)
def choose_method(need: Need, backbone: Backbone, candidates: Sequence[Method]) -> str | None:
    """Name the adaptation method when neither the preset nor the user does.

    Asked of the plugin that owns the preset. `candidates` are the owner's and core's methods that fit `need.task`;
    `backbone` is already chosen. Return the name of one of them, which is then taken without a search, or None: core
    names none either, it cross-validates `frozen` and others on the training rows and keeps the better.

        @hookimpl
        def choose_method(need):
            return "lora" if need.rows > 20_000 else None
    """


@hookspec
def review_report(report: Report, records: Mapping[str, Any]) -> Iterable[Finding] | None:
    """Add what the trade must know before it relies on the result.

    Asked only of the plugin that owns the preset, after evaluation. `records` is a plain mapping of four
    sequences with one item for each test row, in the same order: `ids`, `truth` and `predicted` (label names),
    and `probabilities` (one float for each label, in the order of `report.labels`). Of masks, truth and predicted are
    the classes of an image but the first, and in place of probabilities are the shares of its pixels. Of a search
    they are the ids of the right documents and of the one that stands first, and there are no probabilities.
    Where the preset brings `cases`, a fifth sequence `cases` holds what the model calls each of them.
    Return or yield `Finding` objects, or None; they are added to the report, and nothing can be removed or changed.

        @hookimpl
        def review_report(records):
            missed = sum(t == "fraud" != p for t, p in zip(records["truth"], records["predicted"], strict=True))
            if missed:
                yield Finding(code="missed-fraud", message=f"{missed} frauds were missed.", level="problem")
    """


@hookspec
def observe(event: RunEvent) -> None:
    """Watch a run: trackers, progress displays, audit logs.

    Told to every plugin, whoever owns the preset. What it returns is ignored; an error it raises is logged and the
    run goes on.

        @hookimpl
        def observe(event):
            logging.getLogger("acclimate_finance").info("%s %s", event.preset, event.kind)
    """
