"""Options of a loader: given with the source, checked before anything is read, and kept with a run."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from acclimate import adapt
from acclimate.api import evaluate, predict_rows, repeat
from acclimate.api.adapting import ask
from acclimate.api.dealing import deal_request, read_tables
from acclimate.contracts import OptionError, Preset, Ref
from acclimate.plugins import Host, Loader, hookimpl


def rows(source: str, *, shout: bool = False, labels: str = "kind") -> Iterable[dict[str, Any]]:
    """Sentences of a file "word,kind,site", in capitals where `shout` is set."""
    for number, line in enumerate(Path(source).read_text().splitlines()):
        word, kind, site = line.split(",")
        text = f"we saw the {word} again, number {number}"
        yield {"text": text.upper() if shout else text, labels: kind, "ship": f"s{number // 2}", "site": site}


class Plugin:
    @hookimpl
    def register_loaders(self) -> Iterable[Loader]:
        yield Loader(
            name="log",
            summary="Lines of a log.",
            read=Ref(f"{__name__}:rows"),
            suffixes=(".log",),
            options={"shout": False, "labels": "label"},
            kept=("shout",),
        )

    @hookimpl
    def register_presets(self) -> Iterable[Preset]:
        yield Preset(
            name="sorting",
            summary="Sea or land?",
            task="text-classification",
            metrics=("accuracy",),
            group="ship",
            slices=("site", "pilot"),
        )


@pytest.fixture(scope="module")
def host() -> Host:
    found = Host(discover=False, strict=True)
    found.register(Plugin(), "harbour")
    return found


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    words = [("tide", "sea"), ("anchor", "sea"), ("barn", "land"), ("plough", "land")]
    lines = [f"{word},{kind},{'north' if number % 3 else 'south'}" for number, (word, kind) in enumerate(words * 20)]
    path = tmp_path_factory.mktemp("log") / "seen.log"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def loud(host: Host, log: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("loud") / "run"
    reading = {"shout": True, "labels": "kind"}
    adapt(
        "harbour/sorting",
        log,
        label="kind",
        method="frozen",
        reading=reading,
        output=folder,
        host=host,
        shown=False,
        precision="float32",
        allow_leakage=True,
    )
    return folder


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the loader was called with."""
    calls: list[dict[str, Any]] = []
    whole: Callable[..., Any] = rows

    def noted(source: str, **options: Any) -> Iterable[dict[str, Any]]:
        calls.append(options)
        return whole(source, **options)

    monkeypatch.setattr(f"{__name__}.rows", noted)
    return calls


def test_a_saved_run_reads_new_rows_as_its_own_were_read(
    host: Host, log: Path, loud: Path, seen: list[dict[str, Any]]
) -> None:
    assert len(list(predict_rows(loud, log, host=host))) == 80
    evaluate(loud, log, label="label", host=host)
    assert seen == [{"shout": True, "labels": "label"}] * 2


def test_a_repeated_run_is_read_in_the_same_way(
    host: Host, loud: Path, tmp_path: Path, seen: list[dict[str, Any]]
) -> None:
    assert repeat(loud, output=tmp_path / "again", host=host, shown=False).same
    assert seen == [{"shout": True, "labels": "kind"}]


@pytest.mark.parametrize(
    ("reading", "told"),
    [
        ({"shuot": True}, r"'log' has no option 'shuot'.*Did you mean 'shout'"),
        ({"shout": False}, r"read with shout=True, found shout=False.*Leave shout out"),
    ],
)
def test_an_option_that_cannot_be_is_refused(
    host: Host, log: Path, loud: Path, reading: dict[str, Any], told: str
) -> None:
    with pytest.raises(OptionError, match=f"(?s){told}"):
        list(predict_rows(loud, log, host=host, reading=reading))


def test_an_option_for_a_loader_without_any_is_refused(host: Host, texts: Path) -> None:
    with pytest.raises(OptionError, match="'csv' has no option 'shout'"):
        adapt("harbour/sorting", texts, reading={"shout": True}, method="frozen", host=host, shown=False)


def test_reading_that_is_no_mapping_is_refused(host: Host, log: Path) -> None:
    with pytest.raises(OptionError, match="reading holds options"):
        adapt("harbour/sorting", log, reading="shout", host=host, shown=False)


def test_rows_of_one_group_of_the_preset_stay_in_one_part(host: Host, log: Path, tmp_path: Path) -> None:
    options = {"label": "kind", "reading": {"labels": "kind"}, "allow_leakage": True}
    request = ask(host, "harbour/sorting", log, "frozen", None, None, None, tmp_path / "run", options)
    dealt = deal_request(host, request, read_tables(host, request, tmp_path))
    ships = [set(part.groups or ()) for part in dealt.parts.values()]
    assert sum(map(len, ships)) == len(set.union(*ships)) == 40


def test_the_slices_of_a_preset_count_where_the_source_has_them(host: Host, log: Path, loud: Path) -> None:
    report = evaluate(loud, log, label="label", host=host)
    assert {column: {each.value for each in found} for column, found in report.analysis.slices.items()} == {
        "site": {"north", "south"}
    }


def test_a_source_without_the_group_of_a_preset_is_told_of(host: Host, texts: Path, tmp_path: Path) -> None:
    run = adapt(
        "harbour/sorting",
        texts,
        method="frozen",
        output=tmp_path / "run",
        host=host,
        shown=False,
        precision="float32",
    )
    (found,) = [finding for finding in run.report.findings if finding.code == "no-group"]
    assert "no column 'ship'" in found.message
