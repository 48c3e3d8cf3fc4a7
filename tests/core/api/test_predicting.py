"""Predictions for whole sources: in order, in bounded memory, past rows that cannot be read, and resumed."""

import csv
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from acclimate.api import Run, evaluate, load, predict_rows, write_predictions
from acclimate.api import predicting as module
from acclimate.api.predictor import Predictor
from acclimate.contracts import DataError, OptionError, OutputError, UnknownNameError

Finished = Callable[[str, str], Run]


@pytest.fixture
def run(small: Callable[[str], Run]) -> Path:
    return small("frozen").output


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ROWS", {"text": 4, "image": 2})


def rows_file(path: Path, count: int = 18) -> Path:
    words = ["the captain left the pier", "compost for the hedge", "the judge heard counsel"]
    lines = [json.dumps({"id": f"r{number}", "text": f"{words[number % 3]} {number}"}) for number in range(count)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_rows_come_in_order_with_the_predictions_of_their_texts(
    run: Path, tmp_path: Path, small_chunks: None
) -> None:
    found = list(predict_rows(run, rows_file(tmp_path / "rows.jsonl")))
    assert [row["id"] for row in found] == [f"r{number}" for number in range(18)]
    texts = [json.loads(line)["text"] for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    for row, prediction in zip(found, load(run).predict(texts), strict=True):
        assert row["label"] == prediction.label
        assert row["probabilities"] == pytest.approx(dict(prediction.probabilities), abs=1e-5)


def test_rows_are_read_only_when_they_are_asked_for(
    run: Path, tmp_path: Path, small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    predicted: list[int] = []
    real = Predictor.predict

    def counted(self: Predictor, items: Any) -> Any:
        predicted.append(len(items))
        return real(self, items)

    monkeypatch.setattr(Predictor, "predict", counted)
    assert len(list(islice(predict_rows(run, rows_file(tmp_path / "rows.jsonl")), 5))) == 5
    assert predicted == [4, 4]


BROKEN: list[tuple[str, str, list[tuple[str, str]]]] = [
    (
        "rows.csv",
        'id,text\na,a rose\nb,\nc,one,two\nd,"an ""open" quote\ne,the tide\nf,\udcff\n',
        [
            ("b", "it has no text in column 'text'"),
            ("rows:4", "the line has 3 fields, its header has 2"),
            ("rows:5", "the line cannot be read: "),
            ("rows:7", "the line is not UTF-8 text"),
        ],
    ),
    (
        "rows.tsv",
        "id\ttext\na\ta rose\nb\t \nc\nd\tthe tide\n",
        [("b", "it has no text in column 'text'"), ("rows:4", "the line has 1 fields, its header has 2")],
    ),
    (
        "rows.jsonl",
        '{"id": "a", "text": "a rose"}\n{"id": "b"}\n{"id": \n[1]\n{"id": "e", "text": "the tide"}\n"\udcff"\n',
        [
            ("b", "it has no text in column 'text'"),
            ("rows:3", "rows.jsonl line 3 is not valid JSON"),
            ("rows:4", "rows.jsonl line 4 holds a JSON list, and an object was expected."),
            ("rows:6", "the line is not UTF-8 text"),
        ],
    ),
]


@pytest.mark.parametrize(("name", "text", "errors"), BROKEN, ids=[row[0] for row in BROKEN])
def test_a_row_that_cannot_be_read_says_why_and_loses_no_other(
    run: Path, tmp_path: Path, name: str, text: str, errors: list[tuple[str, str]]
) -> None:
    (tmp_path / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    found = list(predict_rows(run, tmp_path / name))
    broken = [(row["id"], row["error"]) for row in found if "error" in row]
    assert [id for id, _ in broken] == [id for id, _ in errors]
    for (_, reason), (_, expected) in zip(broken, errors, strict=True):
        assert reason.startswith(expected)
    expected = [prediction.label for prediction in load(run).predict(["a rose", "the tide"])]
    assert [row["label"] for row in found if "label" in row] == expected
    assert all(set(row) == {"id", "error"} for row in found if "error" in row)


def test_an_image_that_cannot_be_opened_says_why_and_loses_no_other(
    finished: Finished, pictures: Path, tmp_path: Path, small_chunks: None
) -> None:
    whole = sorted(pictures.glob("*/*.png"))[:5]
    (tmp_path / "cut.png").write_bytes(whole[0].read_bytes()[:60])
    (tmp_path / "text.png").write_text("no image")
    paths = [whole[0], whole[1], tmp_path / "cut.png", whole[2], "none.png", whole[3], "", whole[4], "text.png"]
    (tmp_path / "rows.csv").write_text("id,image\n" + "\n".join(f"i{n},{path}" for n, path in enumerate(paths)))
    run = finished("image", "frozen").output
    found = list(predict_rows(run, tmp_path / "rows.csv"))
    assert [row["id"] for row in found] == [f"i{number}" for number in range(9)]
    errors = {row["id"]: row["error"] for row in found if "error" in row}
    assert list(errors) == ["i2", "i4", "i6", "i8"]
    assert "there is no such file" in errors["i4"]
    assert errors["i6"] == "it has no image in column 'image'"
    assert "not an image" in errors["i8"]
    expected = load(run).probabilities(whole)
    shares = [list(row["probabilities"].values()) for row in found if "label" in row]
    assert np.allclose(shares, expected, atol=1e-5)


def test_images_that_a_parquet_file_holds_are_predicted_and_not_kept(
    finished: Finished, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = sorted(pictures.glob("*/*.png"))[:3]
    images = [path.read_bytes() for path in whole]
    pyarrow.parquet.write_table(pyarrow.table({"image": [images[0], b"x", *images[1:]]}), tmp_path / "rows.parquet")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    run = finished("image", "frozen").output
    found = list(predict_rows(run, tmp_path / "rows.parquet"))
    assert [("error" in row) for row in found] == [False, True, False, False]
    assert [row["id"] for row in found] == ["rows:1", "rows:2", "rows:3", "rows:4"]
    assert list((tmp_path / "temporary").iterdir()) == []


SOURCES: list[tuple[str, str, dict[str, str], type[Exception], str]] = [
    ("no rows.csv", "id,text\n", {}, DataError, "has no rows"),
    ("broken.jsonl", "{\n[\n", {}, DataError, "has no rows that can be read"),
    ("column.csv", "id,text\na,b\n", {"text": "txt"}, UnknownNameError, "no column 'txt'"),
    ("unknown.csv", "id,a,b\nx,y,z\n", {}, DataError, "is recognised as the text"),
]


@pytest.mark.parametrize(
    ("option", "what"), [("max_new_tokens", "chats"), ("query", "a search"), ("mask", "masks"), ("good", "parts")]
)
def test_what_only_another_task_knows_is_refused_of_a_saved_run(
    run: Path, tmp_path: Path, option: str, what: str
) -> None:
    given = {option: 8 if option == "max_new_tokens" else "column"}
    refused = pytest.raises(OptionError, match=f"{option} is for {what}.* and not for text-classification")
    with refused:
        predict_rows(run, "rows.csv", **given)
    with refused:
        write_predictions(run, "rows.csv", tmp_path / "p.csv", **given)
    with refused:
        evaluate(run, "rows.csv", **given)


@pytest.mark.parametrize(("name", "text", "options", "kind", "message"), SOURCES, ids=[row[0] for row in SOURCES])
def test_a_source_that_cannot_be_used_at_all_is_an_error(
    run: Path, tmp_path: Path, name: str, text: str, options: dict[str, str], kind: type[Exception], message: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(kind, match=message):
        next(predict_rows(run, tmp_path / name, **options))


def read_back(file: Path) -> list[tuple[str, str | None, str | None]]:
    """Return id, label and error of each row, by other libraries than those that wrote it where there are any."""
    if file.suffix == ".csv":
        with file.open(newline="", encoding="utf-8") as stream:
            rows: list[dict[str, Any]] = list(csv.DictReader(stream))
    elif file.suffix == ".jsonl":
        rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    else:
        rows = pyarrow.parquet.read_table(file).to_pylist()
    return [(row["id"], row.get("label") or None, row.get("error") or None) for row in rows]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_file_holds_every_row_in_order(run: Path, tmp_path: Path, small_chunks: None, suffix: str) -> None:
    rows_file(tmp_path / "rows.jsonl")
    with (tmp_path / "rows.jsonl").open("a") as stream:
        stream.write('{"id": "no text"}\n')
    output = tmp_path / "deep" / f"found{suffix}"
    done = write_predictions(run, tmp_path / "rows.jsonl", output)
    assert (done.rows, done.unreadable, done.output) == (19, 1, output)
    found = list(predict_rows(run, tmp_path / "rows.jsonl"))
    assert read_back(output) == [(row["id"], row.get("label"), row.get("error")) for row in found]
    assert [path.name for path in output.parent.iterdir()] == [output.name]
    if suffix == ".parquet":
        told = pyarrow.parquet.read_table(output).to_pylist()
        assert told[0]["probabilities"] == found[0]["probabilities"]
        assert told[-1]["probabilities"] is None


def interrupting(monkeypatch: pytest.MonkeyPatch, at: int) -> list[int]:
    """Let the chunk of that number be interrupted, once; return the sizes of the chunks that were predicted."""
    sizes: list[int] = []
    real = Predictor.predict

    def predict(self: Predictor, items: Any) -> Any:
        if len(sizes) == at:
            sizes.append(0)
            raise KeyboardInterrupt
        sizes.append(len(items))
        return real(self, items)

    monkeypatch.setattr(Predictor, "predict", predict)
    return sizes


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize("torn", [b"", b'{"id": "r12", "label": "gar'], ids=["between chunks", "within a row"])
def test_an_interrupted_file_goes_on_to_what_it_would_have_been(
    run: Path, tmp_path: Path, small_chunks: None, monkeypatch: pytest.MonkeyPatch, suffix: str, torn: bytes
) -> None:
    source = rows_file(tmp_path / "rows.jsonl")
    write_predictions(run, source, tmp_path / f"whole{suffix}")
    sizes = interrupting(monkeypatch, at=3)
    output = tmp_path / f"found{suffix}"
    with pytest.raises(KeyboardInterrupt):
        write_predictions(run, source, output)
    assert not output.exists()
    with (tmp_path / f"found{suffix}.partial").open("ab") as stream:
        stream.write(torn)
    done = write_predictions(run, source, output, resume=True)
    assert sizes == [4, 4, 4, 0, 4, 2]
    assert done.rows == 18
    assert output.read_bytes() == (tmp_path / f"whole{suffix}").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"found{suffix}", "rows.jsonl", f"whole{suffix}",
    ]  # fmt: skip


def test_a_file_interrupted_while_it_is_turned_into_a_table_goes_on(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = rows_file(tmp_path / "rows.jsonl")

    def stop(*_: Any, **__: Any) -> Iterator[Any]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pyarrow.parquet, "ParquetWriter", stop)
        with pytest.raises(KeyboardInterrupt):
            write_predictions(run, source, tmp_path / "found.parquet")
    sizes = interrupting(monkeypatch, at=99)
    assert write_predictions(run, source, tmp_path / "found.parquet", resume=True).rows == 18
    assert sizes == []


def test_what_does_not_belong_together_is_refused(
    run: Path, finished: Finished, tmp_path: Path, small_chunks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, output = rows_file(tmp_path / "rows.jsonl"), tmp_path / "found.csv"
    with pytest.raises(OutputError, match=r"nothing to go on from: .*found\.csv\.progress does not exist"):
        write_predictions(run, source, output, resume=True)
    with pytest.raises(OptionError, match=r"suffix \.csv, \.jsonl, \.parquet; found .*found\.xlsx"):
        write_predictions(run, source, tmp_path / "found.xlsx")
    with monkeypatch.context() as patch:
        interrupting(patch, at=1)
        with pytest.raises(KeyboardInterrupt):
            write_predictions(run, source, output)
    with pytest.raises(OutputError, match=r"predictions that were interrupted\. Add resume \(--resume\)"):
        write_predictions(run, source, output)
    with pytest.raises(OutputError, match="belongs to other predictions: run differ"):
        write_predictions(finished("text", "frozen").output, source, output, resume=True)
    with pytest.raises(OutputError, match="other predictions: columns differ"):
        write_predictions(run, source, output, resume=True, id="id")
    rows_file(source, 19)
    with pytest.raises(OutputError, match="other predictions: changed differ"):
        write_predictions(run, source, output, resume=True)
    output.touch()
    with pytest.raises(OutputError, match="exists"):
        write_predictions(run, source, output, resume=True)


MEASURED = """
import sys, tracemalloc
import numpy as np
from acclimate.api import predicting, write_predictions
from acclimate.api.predictor import Predictor

predicting._ROWS = {"text": 250}
Predictor.predict = lambda self, items: self.predictions(np.zeros((len(items), 3)))
run, *sources = sys.argv[1:]
write_predictions(run, sources[0], "first.csv")  # imports what it needs
for source in sources:
    tracemalloc.start()
    write_predictions(run, source, source + ".parquet")
    print(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_rows(run: Path, tmp_path: Path) -> None:
    """The model is left out: what is measured is what is read and kept around it, in a process of its own."""
    counts = (2_000, 8_000)  # the first has all that is held at once: the head of a source and a chunk of a table
    sources = [str(rows_file(tmp_path / f"{count}.jsonl", count)) for count in counts]
    command = [sys.executable, "-c", MEASURED, str(run), *sources]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    small, large = map(int, done.stdout.split())
    assert large < 1.2 * small, (small, large)
