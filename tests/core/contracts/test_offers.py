"""Offers say what is wrong with them when they are made."""

import json
from typing import Any

import pytest
from acclimate.contracts import (
    STACKS,
    TASKS,
    Backbone,
    LabelNames,
    Loader,
    Method,
    Metric,
    PluginError,
    Preset,
    Ref,
    SplitPolicy,
)
from hypothesis import given
from hypothesis import strategies as st

TEXT = "text-classification"
OFFERS: dict[type[Any], dict[str, Any]] = {
    Loader: {"read": Ref("json:loads")},
    Backbone: {"modality": "text", "source": "acme/model", "licence": "MIT"},
    Method: {"tasks": (TEXT,), "plan": Ref("json:loads")},
    Metric: {"tasks": (TEXT,), "score": Ref("json:loads")},
    Preset: {"task": TEXT},
}


@pytest.mark.parametrize("text", ["json:loads", "a.b_c.d2:E", "_a:_b"])
def test_a_reference_is_its_text(text: str) -> None:
    assert Ref(text) == text
    assert json.loads(json.dumps(Ref(text))) == text


@pytest.mark.parametrize(
    "text", ["", "json", "json.loads", ":loads", "json:", "json:a.b", "js on:loads", "1a:b", "a..b:c"]
)
def test_a_malformed_reference_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"package\.module:attribute.*found"):
        Ref(text)


def test_a_reference_loads_the_very_object() -> None:
    assert Ref("json:loads").load() is json.loads


@pytest.mark.parametrize(
    ("text", "cause"), [("acme_nowhere:x", ModuleNotFoundError), ("json:nothing", AttributeError)]
)
def test_a_dangling_reference_is_a_plugin_error_that_names_it(text: str, cause: type[Exception]) -> None:
    with pytest.raises(PluginError, match=text) as caught:
        Ref(text).load()
    assert isinstance(caught.value.__cause__, cause)


@pytest.mark.parametrize("kind", OFFERS)
@pytest.mark.parametrize("name", ["", "My-Job", "a b", "a/b", "-a", "a--b", "ä", 3, None])
def test_a_name_that_a_user_could_not_type_is_refused(kind: type[Any], name: object) -> None:
    with pytest.raises(ValueError, match=f"{kind.__name__}.name .*found"):
        kind(name=name, summary="A summary.", **OFFERS[kind])


@pytest.mark.parametrize("kind", OFFERS)
@pytest.mark.parametrize("summary", ["", "  ", "two\nlines"])
def test_a_summary_is_one_line(kind: type[Any], summary: str) -> None:
    with pytest.raises(ValueError, match="summary is one non-empty line"):
        kind(name="a-1.b_c", summary=summary, **OFFERS[kind])


@pytest.mark.parametrize("kind", [Method, Metric, Preset])
def test_an_unknown_task_is_refused_with_the_known_ones(kind: type[Any]) -> None:
    tasks = {"task": "text-sorting"} if kind is Preset else {"tasks": (TEXT, "text-sorting")}
    with pytest.raises(ValueError, match=rf"unknown task 'text-sorting'; known: {TEXT}"):
        kind(name="job", summary="A job.", **{**OFFERS[kind], **tasks})


def test_a_preset_knows_whether_it_reads_images() -> None:
    three = LabelNames(order=("yes", "no", "neither"))  # which hypotheses need, and others may have
    presets = [Preset(name="job", summary="A job.", task=task, labels=three) for task in TASKS]
    images = {preset.task for preset in presets if preset.modality == "image"}
    assert images == {"image-classification", STACKS, "image-segmentation", "anomaly-detection"}


share = st.floats(-0.5, 1.5)


@given(test=share, validation=share)
def test_a_split_leaves_rows_for_every_part_or_is_refused(test: float, validation: float) -> None:
    if test > 0 and validation > 0 and test + validation < 1:
        assert SplitPolicy(test=test, validation=validation).test == test
    else:
        with pytest.raises(ValueError, match="leave rows to train"):
            SplitPolicy(test=test, validation=validation)


@pytest.mark.parametrize("told", [{"label": str}, {"probability": str}, {"page": float}, {"id": int}])
def test_a_loader_tells_columns_that_predictions_have_no_fields_for(told: dict[str, type]) -> None:
    with pytest.raises(ValueError, match=f"told are columns of str or int .* found {next(iter(told))}"):
        Loader(name="a", summary="A.", read=Ref("json:loads"), told=told)
