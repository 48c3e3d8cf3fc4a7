"""Calls a plugin during a run, so that an error says whose it is."""

import reprlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pluggy

from acclimate.contracts import Finding, PluginError, did_you_mean
from acclimate.plugins.collecting import implementation
from acclimate.plugins.states import PluginState


@contextmanager
def blame(state: PluginState, hook: str) -> Iterator[None]:
    """Add the plugin and the hook to any error raised inside; `sys.exit` becomes an error instead of an exit.

    Raises:
        PluginError: when the plugin calls `sys.exit`.
    """
    try:
        yield
    except SystemExit as error:
        raise PluginError(f"{state.label} called sys.exit({error.code!r}) in {hook}.") from error
    except Exception as error:
        error.add_note(f"raised by {state.label} in {hook}")
        raise


def ask(manager: pluggy.PluginManager, state: PluginState, hook: str, arguments: Mapping[str, object]) -> Any:
    """Return what one plugin answers to a hook, None when it does not implement it."""
    found = implementation(manager, state.name, hook)
    if found is None:
        return None
    with blame(state, hook):
        return found.function(*(arguments[name] for name in found.argnames))


def ask_for_findings(
    manager: pluggy.PluginManager, state: PluginState, arguments: Mapping[str, object]
) -> tuple[Finding, ...]:
    """Return the findings that one plugin adds to a report.

    Raises:
        PluginError: when it gives anything else.
    """
    answer = ask(manager, state, "review_report", arguments)
    if answer is None:
        return ()
    with blame(state, "review_report"):
        findings = tuple(answer)
    for finding in findings:
        if not isinstance(finding, Finding):
            raise PluginError(f"{state.label} gave {reprlib.repr(finding)} in review_report, not a Finding.")
    return findings


def check_choice(state: PluginState, hook: str, answer: object, candidates: Sequence[str]) -> str:
    """Return the bare name of the candidate that a plugin chose; "finance/x" means x in plugin finance.

    Raises:
        PluginError: when the answer is not the name of a candidate.
    """
    name = answer.removeprefix(f"{state.name}/") if isinstance(answer, str) else ""
    if name not in candidates:
        raise PluginError(
            f"{state.label} answered {reprlib.repr(answer)} in {hook}, which is not a candidate's name.",
            did_you_mean(name, candidates),
        )
    return name
