"""The one import for plugin authors: `from acclimate.plugins import hookimpl, Preset, Ref`.

Start with `acclimate.plugins.hookspecs`, which documents every hook with an example.
"""

from acclimate.contracts import (
    Backbone,
    Command,
    Demo,
    Finding,
    LabelNames,
    Loader,
    Method,
    Metric,
    Need,
    Preset,
    Ref,
    Report,
    RunEvent,
    SplitPolicy,
)
from acclimate.plugins.builtin.counted_metrics import (
    ANSWER_METRICS,
    CHAT_METRICS,
    CUAD_METRICS,
    ENTAILMENT_METRICS,
    MASK_METRICS,
    PART_METRICS,
    PREFERENCE_METRICS,
    SEARCH_METRICS,
    SPAN_METRICS,
    SUMMARY_METRICS,
)
from acclimate.plugins.hookspecs import hookimpl
from acclimate.plugins.host import Host, default_host
from acclimate.plugins.states import Owned, PluginState

__all__ = [
    "ANSWER_METRICS",
    "CHAT_METRICS",
    "CUAD_METRICS",
    "ENTAILMENT_METRICS",
    "MASK_METRICS",
    "PART_METRICS",
    "PREFERENCE_METRICS",
    "SEARCH_METRICS",
    "SPAN_METRICS",
    "SUMMARY_METRICS",
    "Backbone",
    "Command",
    "Demo",
    "Finding",
    "Host",
    "LabelNames",
    "Loader",
    "Method",
    "Metric",
    "Need",
    "Owned",
    "PluginState",
    "Preset",
    "Ref",
    "Report",
    "RunEvent",
    "SplitPolicy",
    "default_host",
    "hookimpl",
]
