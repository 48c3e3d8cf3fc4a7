import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import datasets
import pyarrow
import pyarrow.parquet
import pytest
from acclimate.contracts import DataError
from acclimate.data import read
from hypothesis import given
from hypothesis import strategies as st

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def without_lines(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key != read.LINE} for row in rows]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_in_the_header(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f"text{delimiter}label\na, b; c.{delimiter}x\n".replace("a, b; c.", '"a, b; c."'))
    assert without_lines(read.csv_rows(str(path))) == [{"text": "a, b; c.", "label": "x"}]


def test_a_delimiter_inside_a_quoted_column_name_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('"text, with, commas, in it";label\na;x\n')
    assert without_lines(read.csv_rows(str(path))) == [{"text, with, commas, in it": "a", "label": "x"}]


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(BYTE_ORDER_MARK + "text,label\nMünchen,x\n".encode())
    assert without_lines(read.csv_rows(str(path))) == [{"text": "München", "label": "x"}]


def test_each_row_carries_the_line_on_which_it_starts(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('text,label\n"two\nlines",x\n\nlast,y\n')
    assert [(row["text"], row[read.LINE]) for row in read.csv_rows(str(path))] == [
        ("two\nlines", 2),
        ("last", 5),
    ]


def test_a_contract_longer_than_the_limit_of_the_csv_module_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f"text,label\n{'x' * 300_000},a\n")
    assert len(next(iter(read.csv_rows(str(path))))["text"]) == 300_000


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=2, max_size=2)))
def test_what_the_csv_module_writes_is_read_back(tmp_path_factory: Any, cells: list[list[str]]) -> None:
    path = tmp_path_factory.mktemp("csv") / "rows.csv"
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([["text", "label"], *cells, ["end", "end"]])
    path.write_bytes(out.getvalue().encode())
    found = [[row["text"], row["label"]] for row in read.csv_rows(str(path))]
    assert found == [*cells, ["end", "end"]]


def test_reading_is_lazy(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text,label\nfine,x\nragged\n")
    assert next(iter(read.csv_rows(str(path))))["text"] == "fine"


WORDS = ["NA", "None", "null", "nan", "N/A", "", "True", "1.0", "NULL"]


def write_words(kind: str, folder: Path) -> str:
    rows = [{"text": f"row {number}", "label": word} for number, word in enumerate(WORDS)]
    path = folder / f"rows.{kind}"
    match kind:
        case "csv" | "tsv":
            mark = "," if kind == "csv" else "\t"
            lines = [f"text{mark}label", *(mark.join(row.values()) for row in rows)]
            path.write_text("\n".join(lines))
        case "jsonl":
            path.write_text("\n".join(json.dumps(row) for row in rows))
        case "parquet":
            pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)
        case "folder":
            datasets.Dataset.from_list(rows).save_to_disk(str(path))
    return str(path)


@pytest.mark.parametrize(
    ("kind", "reader"),
    [
        ("csv", read.csv_rows),
        ("tsv", read.tsv_rows),
        ("jsonl", read.jsonl_rows),
        ("parquet", read.parquet_rows),
        ("folder", read.dataset_folder_rows),
    ],
)
def test_a_label_called_none_or_na_stays_what_it_is(tmp_path: Path, kind: str, reader: Any) -> None:
    assert [row["label"] for row in reader(write_words(kind, tmp_path))] == WORDS


BAD_TABLES = [
    ("a ragged row", b"text,label\na,x\nb\n", r"rows\.csv line 3 has 1 fields, its header has 2 \(text, label\)"),
    ("a row too long", b"text,label\na,x,y\n", r"rows\.csv line 2 has 3 fields"),
    ("latin-1", "text,label\na,x\nMünchen,y\n".encode("latin-1"), r"rows\.csv line 3 is not UTF-8.*CSV UTF-8"),
    ("utf-16", "text,label\na,x\n".encode("utf-16"), r"rows\.csv is encoded as UTF-16"),
    ("nothing", b"", r"rows\.csv' is empty"),
    ("only white space", BYTE_ORDER_MARK + b" \n\n", r"rows\.csv' is empty"),
    ("only a header", b"text,label\n", r"rows\.csv has no rows"),
    ("a column twice", b"text,label,text\na,x,b\n", r"rows\.csv has more than one column called 'text'"),
    ("a quote left open", b'text,label\na,x\n"b,y\n', r"rows\.csv line 3 cannot be read: .*double quotes"),
    ("text after a quote", b'text,label\n"b"c,y\n', r"rows\.csv line 2 cannot be read"),
]


@pytest.mark.parametrize(("data", "message"), [row[1:] for row in BAD_TABLES], ids=[row[0] for row in BAD_TABLES])
def test_a_bad_table_is_an_error_that_names_file_and_line(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(data)
    with pytest.raises(DataError, match=message):
        list(read.csv_rows(str(path)))


BAD_JSON = [
    ("bad JSON", b'{"text": "a"}\n\n{"text": \n', r"rows\.jsonl line 3 is not valid JSON"),
    ("one list", b'[\n{"text": "a"}\n]\n', r"rows\.jsonl line 1 is not valid JSON.*not one list"),
    ("a number", b'{"text": "a"}\n12\n', r"rows\.jsonl line 2 holds a JSON int"),
    ("half a character", b'{"text": "\\ud83d"}\n', r"rows\.jsonl line 1 is not valid JSON"),
    ("latin-1", b'{"text": "a"}\n{"text": "\xfc"}\n', r"rows\.jsonl line 2 is not UTF-8"),
    ("nothing", b"", r"rows\.jsonl' is empty"),
]


@pytest.mark.parametrize(("data", "message"), [row[1:] for row in BAD_JSON], ids=[row[0] for row in BAD_JSON])
def test_bad_json_lines_are_an_error_that_names_the_line(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(data)
    with pytest.raises(DataError, match=message):
        list(read.jsonl_rows(str(path)))


def test_json_lines_keep_their_types_and_lines(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "😀", "label": 1}\n\n{"text": null, "label": "None"}\n')
    assert list(read.jsonl_rows(str(path))) == [
        {"text": "😀", "label": 1, read.LINE: 1},
        {"text": None, "label": "None", read.LINE: 3},
    ]


@pytest.mark.parametrize(
    "reader",
    [
        read.csv_rows,
        read.tsv_rows,
        read.jsonl_rows,
        read.parquet_rows,
        read.dataset_folder_rows,
        read.image_folder_rows,
    ],
)
def test_a_missing_file_suggests_the_nearest_name(tmp_path: Path, reader: Any) -> None:
    (tmp_path / "headlines.csv").write_text("text,label\n")
    with pytest.raises(DataError, match=r"no file .*headline\.csv'.*Did you mean 'headlines\.csv'"):
        list(reader(str(tmp_path / "headline.csv")))
    with pytest.raises(DataError, match="nowhere' does not exist"):
        list(reader(str(tmp_path / "nowhere" / "rows.csv")))


@pytest.mark.parametrize("reader", [read.csv_rows, read.jsonl_rows, read.parquet_rows])
def test_a_folder_where_a_file_belongs_is_an_error(tmp_path: Path, reader: Any) -> None:
    with pytest.raises(DataError, match="is a folder, and a file was expected"):
        list(reader(str(tmp_path)))


def test_a_damaged_parquet_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    path.write_bytes(b"PAR1 and then nothing of use PAR1")
    with pytest.raises(DataError, match=r"rows\.parquet is not a readable Parquet file"):
        list(read.parquet_rows(str(path)))


@pytest.fixture
def named() -> datasets.Dataset:
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["bear", "bull"])}
    )
    return datasets.Dataset.from_dict({"text": ["a", "b", "c"], "label": [1, 0, -1]}, features=features)


def test_class_numbers_become_class_names(tmp_path: Path, named: datasets.Dataset) -> None:
    named.to_parquet(str(tmp_path / "rows.parquet"))
    named.save_to_disk(str(tmp_path / "saved"))
    for rows in (
        read.parquet_rows(str(tmp_path / "rows.parquet")),
        read.dataset_folder_rows(str(tmp_path / "saved")),
    ):
        assert [row["label"] for row in rows] == ["bull", "bear", None]


def test_a_saved_dictionary_gives_the_split_that_is_named(tmp_path: Path, named: datasets.Dataset) -> None:
    folder = str(tmp_path / "saved")
    datasets.DatasetDict(train=named, test=named.select([1])).save_to_disk(folder)
    assert [row["text"] for row in read.dataset_folder_rows(folder)] == ["a", "b", "c"]
    assert [row["text"] for row in read.dataset_folder_rows(f"{folder}#test")] == ["b"]
    with pytest.raises(DataError, match=r"no split 'dev'; it has train, test.*saved#train"):
        list(read.dataset_folder_rows(f"{folder}#dev"))


def test_a_folder_of_another_kind_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"not a folder written by datasets\.save_to_disk"):
        list(read.dataset_folder_rows(str(tmp_path)))


def test_a_hub_data_set_streams_and_keeps_labels_called_none(tmp_path: Path) -> None:
    # The hub reader takes a folder of data files for a repository, which needs no network.
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "train.csv").write_text("text,label\na,None\nb,NA\n")
    (folder / "test.csv").write_text("text,label\nc,None\n")
    assert list(read.hub_rows(f"hub:{folder}")) == [
        {"text": "a", "label": "None"},
        {"text": "b", "label": "NA"},
    ]
    assert list(read.hub_rows(f"hub:{folder}#test")) == [{"text": "c", "label": "None"}]
    with pytest.raises(DataError, match=r"no split 'dev'; it has train, test"):
        list(read.hub_rows(f"hub:{folder}#dev"))


def test_a_hub_data_set_out_of_reach_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(DataError, match=r"'nobody/nothing' cannot be read from the hub"):
        list(read.hub_rows("hub:nobody/nothing"))


def test_an_image_folder_is_read_in_sorted_order(tmp_path: Path, photo: Any) -> None:
    for name in ("dog/2.png", "cat/b.JPG", "cat/a/1.png", "cat/.hidden.png", ".trash/1.png", "dog/10.png"):
        photo(f"set/{name}")
    (tmp_path / "set" / "dog" / "notes.txt").write_text("no image")
    rows = list(read.image_folder_rows(str(tmp_path / "set")))
    assert [(row["id"], row["label"]) for row in rows] == [
        ("cat/b.JPG", "cat"),
        ("cat/a/1.png", "cat"),
        ("dog/10.png", "dog"),
        ("dog/2.png", "dog"),
    ]
    assert all(Path(row["image"]).is_absolute() and Path(row["image"]).is_file() for row in rows)


def test_a_folder_without_images_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "notes.txt").write_text("no image")
    with pytest.raises(DataError, match=r"no images in .*one folder per class"):
        list(read.image_folder_rows(str(tmp_path)))


@pytest.mark.parametrize("mask", ["1.jpg", "1_mask.png", "1_mask_1.png"])
def test_masks_beside_their_images_are_no_images_of_the_class(tmp_path: Path, photo: Any, mask: str) -> None:
    for name in ("cat/1.png", "cat/2.png", "dog/1_mask.png", "dog/inside/1.png"):
        photo(f"set/{name}")
    assert len(list(read.image_folder_rows(str(tmp_path / "set")))) == 4
    photo(f"set/dog/inside/{mask}")
    with pytest.raises(DataError, match=r"1 images of .* as masks do: 1\.[a-z]+ and 1.*Move them"):
        list(read.image_folder_rows(str(tmp_path / "set")))


def test_folders_called_train_and_test_are_not_taken_for_classes(tmp_path: Path, photo: Any) -> None:
    for name in ("train/cat/1.png", "test/cat/1.png"):
        photo(f"set/{name}")
    with pytest.raises(DataError, match=r"holds the parts test, train.*set/train\) .*--test"):
        list(read.image_folder_rows(str(tmp_path / "set")))
