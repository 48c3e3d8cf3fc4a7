"""The page on limits: whatever evidence it names can be found in a report."""

import re
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from acclimate.contracts import Report
from acclimate.plugins import default_host

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "medical-imaging-limits.md").read_text(encoding="utf-8")
_FIELDS = sorted(set(re.findall(r"`((?:analysis|rows|metrics|baselines|findings|licences)(?:\.\w+)*)`", PAGE)))
# A finding is named as "finding `code`" or in a list behind "findings".
_CODES = sorted(
    {
        code
        for found in re.findall(r"findings? ((?:`[a-z-]+`(?:, )?)+)", PAGE)
        for code in re.findall(r"[a-z-]+", found)
    }
)
_METRICS = sorted(
    {
        name
        for found in re.findall(r"metrics? ((?:`\w+`(?: and | against )?)+)", PAGE)
        for name in re.findall(r"\w+", found)
        if name not in ("and", "against")
    }
)


def kind_of(path: str) -> Any:
    """Return the type at a path of a report; KeyError where there is none."""
    kind: Any = Report
    for name in path.split("."):
        options = [kind, *typing.get_args(kind)]
        found = next((each for each in options if is_dataclass(each)), None)
        if found is not None:
            kind = typing.get_type_hints(found)[name]
        elif typing.get_origin(kind) is Mapping:
            kind = typing.get_args(kind)[1]  # a part, a metric, a rate: by name
        else:
            raise KeyError(path)
    return kind


@pytest.mark.parametrize("path", _FIELDS)
def test_every_field_that_is_named_is_in_a_report(path: str) -> None:
    assert kind_of(path) is not None


def test_the_page_names_fields_findings_and_metrics() -> None:
    assert len(_FIELDS) > 15
    assert len(_CODES) > 10
    assert {"hd95", "nsd_2px", "missed_masks"} <= set(_METRICS)
    assert {field.name for field in fields(Report)} >= {"metrics", "rows", "findings"}
    with pytest.raises(KeyError):
        kind_of("analysis.nothing")


def test_every_finding_that_is_named_is_one_that_core_makes() -> None:
    sources = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "core" / "src").rglob("*.py"))
    assert [code for code in _CODES if f'code="{code}"' not in sources] == []


def test_every_metric_that_is_named_is_there() -> None:
    host = default_host()
    for name in _METRICS:
        host.find("metric", name, "medical-imaging")
