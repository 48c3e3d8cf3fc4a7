import io
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import datasets
import pytest
from acclimate.contracts import AcclimateError, Columns, DataError, OptionError, UnknownNameError
from acclimate.data import image_folder_rows, load, open_image, parquet_rows, read
from PIL import Image


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[..., datasets.Dataset]:
    """Load rows of a generator, a CSV text or a JSON Lines text as `rows.csv` would be."""

    def load_rows(rows: Any, kind: str = "csv", columns: Columns = Columns(), **options: Any) -> datasets.Dataset:  # noqa: B008
        source = tmp_path / f"rows.{kind}"
        if isinstance(rows, str):
            source.write_text(rows)
        reader = {"csv": read.csv_rows, "jsonl": read.jsonl_rows}[kind]
        options = {"modality": "text", "cache": tmp_path / "cache", **options}
        return load(str(source), read=reader if isinstance(rows, str) else lambda _: rows, columns=columns, **options)

    return load_rows


def test_a_table_has_the_promised_columns(loaded: Any) -> None:
    rows = loaded("text,label,who,day,site\na,x,p1,2024-01-01,A\nb,y,p2,2024-01-02,\n", keep=["site"],
                  columns=Columns(group="who", time="day"))  # fmt: skip
    assert rows.column_names == ["id", "text", "label", "line", "group", "time", "site"]
    assert rows[1] == {"id": "rows.csv:3", "text": "b", "label": "y", "line": 3, "group": "p2",
                       "time": "2024-01-02", "site": ""}  # fmt: skip
    assert rows.features["line"] == datasets.Value("int64")


def test_group_and_time_are_only_there_when_named(loaded: Any) -> None:
    assert loaded("text,label,group,time\na,x,1,2\n").column_names == ["id", "text", "label", "line"]


def test_rows_to_predict_need_no_label(loaded: Any) -> None:
    assert loaded("headline\nProfit rose\n", labelled=False)[0] == {
        "id": "rows.csv:2",
        "text": "Profit rose",
        "line": 2,
    }


@pytest.mark.parametrize(
    ("header", "text", "label"),
    [
        ("text,label", 0, 1),
        ("Label,TEXT", 1, 0),
        ("id,sentence,category,year", 1, 2),
        ("title,text,label", 1, 2),
        ("words,tone", None, None),
        ("words,label", 0, 1),
        ("question,tone", 0, 1),
    ],
)
def test_columns_are_inferred_from_their_names(loaded: Any, header: str, text: int, label: int) -> None:
    width = header.count(",") + 1
    table = f"{header}\n{','.join(f'v{column}' for column in range(width))}\n"
    if text is None:
        with pytest.raises(DataError, match=r'recognised as the text; its columns are words, tone.*text="words"'):
            loaded(table)
    else:
        row = loaded(table)[0]
        assert (row["text"], row["label"]) == (f"v{text}", f"v{label}")


def test_named_columns_win_over_usual_names(loaded: Any) -> None:
    row = loaded("text,label,tone\na,b,c\n", columns=Columns(text="tone", label="text"))[0]
    assert (row["text"], row["label"]) == ("c", "a")


BAD_COLUMNS = [
    ("absent label", Columns(label="lable"), UnknownNameError,
     r"no column 'lable' in rows\.csv; it has text, label, note\. Did you mean 'label'\?"),
    ("absent group", Columns(group="patient"), UnknownNameError, r"no column 'patient' in rows\.csv"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "kind", "message"), [row[1:] for row in BAD_COLUMNS], ids=[row[0] for row in BAD_COLUMNS]
)
def test_a_named_column_that_is_absent_is_an_error(
    loaded: Any, columns: Columns, kind: type[AcclimateError], message: str
) -> None:
    with pytest.raises(kind, match=message):
        loaded("text,label,note\na,b,c\n", columns=columns)


def test_two_columns_that_may_hold_the_text_are_an_error(loaded: Any) -> None:
    with pytest.raises(DataError, match=r"may hold the text: title, body\. .*--text \"title\""):
        loaded("title,body,label\na,b,c\n")


def test_a_column_to_keep_may_be_absent_but_needs_a_free_name(loaded: Any) -> None:
    assert "sight" not in loaded("text,label,site\na,b,c\n", keep=["sight"]).column_names
    with pytest.raises(OptionError, match="'line' cannot be kept"):
        loaded("text,label,line\na,b,c\n", keep=["line"])


BAD_ROWS = [
    ("labels missing", "csv", "text,label\na,x\nb,\nc,y\nd, \n",
     r"2 of 4 rows of rows\.csv have no label in column 'label': lines 3, 5"),
    ("one label missing", "csv", "text,label\na,x\nb,\n", r"1 of 2 rows .*: line 3\."),
    ("many labels missing", "csv", "text,label\n" + "a,\n" * 12, r"12 of 12 .*: lines 2, 3, 4, 5, 6 and 7 more"),
    ("null label", "jsonl", '{"text": "a", "label": "x"}\n{"text": "b", "label": null}\n{"text": "c"}\n',
     r"2 of 3 rows of rows\.jsonl have no label .*: lines 2, 3"),
    ("blank text", "csv", "text,label\na,x\n  ,y\n", r"1 of 2 rows of rows\.csv have no text .*: line 3"),
    ("mixed labels", "jsonl", '{"text": "a", "label": "x"}\n{"text": "b", "label": 2}\n',
     r"rows\.jsonl in column 'label' have more than one type: line 1 has 'x', line 2 has 2"),
    ("truth and number", "jsonl", '{"text": "a", "label": true}\n{"text": "b", "label": 1}\n',
     r"more than one type: line 1 has True, line 2 has 1"),
    ("measured labels", "jsonl", '{"text": "a", "label": 1.0}\n{"text": "b", "label": 0.37}\n',
     r"rows\.jsonl line 2: .*is the number 0\.37.*ranges"),
    ("a list after plain labels", "jsonl", '{"text": "b", "label": "x"}\n{"text": "a", "label": ["x", "y"]}\n',
     r"rows\.jsonl line 2: .*'label' is a list, while other rows have plain labels"),
    ("a plain label after lists", "jsonl", '{"text": "a", "label": ["x"]}\n{"text": "b", "label": "x"}\n',
     r"rows\.jsonl line 2: .*'label' is plain \('x'\), while other rows have lists"),
    ("a label twice", "jsonl", '{"text": "a", "label": ["x", "x"]}\n', r"holds the label 'x' twice"),
    ("an empty name", "jsonl", '{"text": "a", "label": ["x", ""]}\n', r"holds a label without a name"),
    ("an id twice", "csv", "id,text,label\n7,a,x\n8,b,y\n7,c,x\n", r"rows\.csv have the id '7': line 2 and line 4"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "rows", "message"), [row[1:] for row in BAD_ROWS], ids=[row[0] for row in BAD_ROWS])
def test_bad_rows_are_counted_and_their_lines_named(
    loaded: Any, tmp_path: Path, kind: str, rows: str, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        loaded(rows, kind=kind)
    assert list((tmp_path / "cache").iterdir()) == []  # nothing half written stays


def test_rows_without_a_group_are_an_error(loaded: Any) -> None:
    with pytest.raises(DataError, match=r"1 of 2 rows of rows\.csv have no group in column 'who': line 3"):
        loaded("text,label,who\na,x,1\nb,y,\n", columns=Columns(group="who"))


def test_a_label_called_none_is_a_label(loaded: Any) -> None:
    assert loaded("text,label\na,None\nb,NA\nNone,null\n")["label"][:] == ["None", "NA", "null"]


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (["1", "2"], ["1", "2"]),
        (["1.0", "2"], ["1", "2"]),
        (["true", "false"], ["True", "False"]),
        (['" x "', '"y"'], ["x", "y"]),
    ],
)
def test_labels_become_text(loaded: Any, values: list[str], labels: list[str]) -> None:
    lines = "".join(f'{{"text": "a", "label": {value}}}\n' for value in values)
    assert loaded(lines, kind="jsonl")["label"][:] == labels


def test_ids_are_the_named_column_else_id_else_part_and_line(loaded: Any) -> None:
    table = "id,case,text,label\n1,c9,a,x\n"
    assert loaded(table)["id"][:] == ["1"]
    assert loaded(table, columns=Columns(id="case"))["id"][:] == ["c9"]
    assert loaded("text,label\na,x\n", part="test")["id"][:] == ["test:2"]
    assert loaded(iter([{"text": "a", "label": "x"}]), part="test")["id"][:] == ["test:1"]


class Row(dict[str, Any]):
    """A row whose life can be watched."""

    __hash__ = object.__hash__


def test_a_large_source_is_never_held_in_memory(loaded: Any) -> None:
    alive: weakref.WeakSet[Row] = weakref.WeakSet()
    most = 0

    def rows() -> Iterator[Row]:
        nonlocal most
        for number in range(20_000):
            row = Row(text=f"text {number}", label=str(number % 3))
            alive.add(row)
            most = max(most, len(alive))
            yield row
            del row

    table = loaded(rows())
    assert (len(table), table[19_999]["text"]) == (20_000, "text 19999")
    assert most <= 1100
    assert table.cache_files  # mapped from the disk


def test_loading_again_leaves_a_table_in_use_as_it_was(loaded: Any) -> None:
    first = loaded("text,label\nold,x\n")
    second = loaded("text,label\nnew,x\n")
    assert (first[0]["text"], second[0]["text"]) == ("old", "new")


def test_nothing_is_written_outside_the_cache(loaded: Any, tmp_path: Path) -> None:
    loaded("text,label\na,x\n")
    assert {path.name for path in tmp_path.iterdir()} == {"rows.csv", "cache"}


def test_image_paths_are_relative_to_the_table(loaded: Any, photo: Any, tmp_path: Path) -> None:
    photo("pictures/1.png")
    rows = loaded("file,label\npictures/1.png,x\n", modality="image")
    assert rows[0]["image"] == str(tmp_path / "pictures" / "1.png")


@pytest.mark.parametrize("form", ["struct", "bytes", "pillow"])
def test_images_in_memory_are_written_under_the_cache(loaded: Any, photo: Any, tmp_path: Path, form: str) -> None:
    path = photo("1.png")
    data = path.read_bytes()
    picture = Image.open(io.BytesIO(data))
    value = {"struct": {"bytes": data, "path": "a/1.png"}, "bytes": data, "pillow": picture}[form]
    row = loaded(iter([{"image": value, "label": "x"}]), modality="image")[0]
    stored = Path(row["image"])
    assert (stored.parent, stored.suffix) == (tmp_path / "cache" / "images", ".png")
    assert open_image(stored).tobytes() == picture.convert("RGB").tobytes()


def test_images_of_a_parquet_file_are_loaded(tmp_path: Path, photo: Any) -> None:
    path = photo("1.png")
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["ok", "bad"])})
    rows = {"image": [{"bytes": path.read_bytes(), "path": None}], "label": [1]}
    datasets.Dataset.from_dict(rows, features=features).to_parquet(str(tmp_path / "rows.parquet"))
    table = load(str(tmp_path / "rows.parquet"), read=parquet_rows, columns=Columns(), modality="image",
                 cache=tmp_path / "cache")  # fmt: skip
    assert Path(table[0]["image"]).read_bytes() == path.read_bytes()
    assert (table[0]["label"], table[0]["line"], table[0]["id"]) == ("bad", 0, "rows.parquet:1")


def test_equal_file_names_in_two_image_folders_are_two_rows(tmp_path: Path, photo: Any) -> None:
    for name in ("one/cat/1.png", "two/cat/1.png"):
        photo(name)
    ids = [
        load(str(tmp_path / folder), read=image_folder_rows, columns=Columns(), modality="image",
             cache=tmp_path / "cache", part=part)["id"][0]
        for folder, part in (("one", "train"), ("two", "test"))
    ]  # fmt: skip
    assert ids == ["train:cat/1.png", "test:cat/1.png"]
