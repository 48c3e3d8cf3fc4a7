"""A contract as a page to look at: its text as it was read, each clause with what was predicted of it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any, TextIO

from acclimate_legal.contracts.rows import files_of
from acclimate_legal.documents import Document, read_document

# Nothing may be loaded or run, whatever a contract holds.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
body { font: 16px/1.5 Georgia, serif; color: #1a1a1a; background: #fff; margin: 2rem auto; max-width: 72rem;
  padding: 0 1rem }
h1, h2, table, .said { font-family: system-ui, sans-serif }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse; font-size: .9rem } td, th { text-align: left; padding: .15rem .8rem .15rem 0 }
.clause { border-left: .4rem solid var(--mark); padding: .3rem .8rem; margin: .6rem 0; display: grid;
  grid-template-columns: 1fr 15rem; gap: 1rem; background: #fafafa }
.text, .rest { white-space: pre-wrap; overflow-wrap: anywhere }
.rest { color: #5c5c5c; padding: 0 1.2rem; margin: .2rem 0 }
.said { font-size: .85rem; color: #333 } .label { font-weight: 600 } .unsure { border-left-style: dotted }
.note, .error { font-family: system-ui, sans-serif; font-size: .9rem; background: #fff4d6; padding: .4rem .8rem }
@media (max-width: 50rem) { .clause { grid-template-columns: 1fr } }
@media print { .clause { break-inside: avoid } }
"""


def write_page(source: str, rows: Iterable[Mapping[str, Any]], file: Path, options: Mapping[str, Any]) -> None:
    """Write a page of a contract, or of all contracts of a folder, with what `rows` say of their clauses.

    The page loads nothing and runs nothing; all that a contract holds is escaped. `options` are those that the rows
    were read with.
    """
    files = {name: path for path, name in files_of(Path(source))}
    reading = {name: options[name] for name in ("view", "pdf", "pages") if name in options}
    with file.open("w", encoding="utf-8") as stream:
        stream.write(
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
            f'<meta name="viewport" content="width=device-width">\n'
            f"<title>{escape(Path(source).name)}: clauses</title>\n<style>{_STYLE}</style></head><body>\n"
            f"<h1>{escape(Path(source).name)}</h1>\n"
        )
        for name, found in groupby(rows, key=lambda row: row["contract"]):
            _contract(stream, name, list(found), files[name], reading)
        stream.write("</body></html>\n")


def _contract(
    stream: TextIO, name: str, rows: list[Mapping[str, Any]], path: Path, reading: Mapping[str, Any]
) -> None:
    stream.write(f"<h2>{escape(name)}</h2>\n")
    for row in rows:
        if "error" in row:
            stream.write(f'<p class="error">{escape(row["error"])}</p>\n')
    known = [row for row in rows if "error" not in row]
    if not known:
        return
    document = read_document(path, **reading)
    for note in document.notes:
        stream.write(f'<p class="note">{escape(note)}</p>\n')
    if not any("probabilities" in row for row in known):
        stream.writelines(_text(document, known, {}))
        return
    labels = Counter(label for row in known for label in _labels(row))
    marks = {label: _colour(place) for place, label in enumerate(sorted(labels))}
    stream.write('<table><tr><th scope="col">label</th><th scope="col">clauses</th></tr>\n')
    for label, count in labels.most_common():
        stream.write(f"<tr><td>{escape(label)}</td><td>{count:,}</td></tr>\n")
    stream.write("</table>\n")
    stream.writelines(_text(document, known, marks))


def _text(document: Document, rows: Iterable[Mapping[str, Any]], marks: Mapping[str, str]) -> Iterator[str]:
    """Yield the whole text in order: clauses with what is said of them, and all between them."""
    at = 0
    for row in rows:
        yield _rest(document.text[at : row["start"]])
        yield _clause(document.text[row["start"] : row["end"]], row, marks)
        at = row["end"]
    yield _rest(document.text[at:])


def _rest(text: str) -> str:
    said = text.replace("\f", "\n").strip()
    return f'<div class="rest" dir="auto">{escape(said)}</div>\n' if said else ""


def _clause(text: str, row: Mapping[str, Any], marks: Mapping[str, str]) -> str:
    labels = _labels(row)
    mark = marks[labels[0]] if labels else "#bbb"
    said = "".join(f'<span class="label">{escape(label)}</span>{_probability(row, label)}<br>' for label in labels)
    none = "no label<br>" if "probabilities" in row else ""
    unsure = row.get("answered") is False
    said += "not sure enough: for a person to read<br>" if unsure else ""
    where = f"{row['path']}" + (f", page {row['page']}" if row["page"] else "")
    shown = escape(text.replace("\f", "\n"))
    return (
        f'<div class="clause{" unsure" if unsure else ""}" style="--mark: {mark}" id="at-{row["start"]}">'
        f'<div class="text" dir="auto">{shown}</div>'
        f'<div class="said">{said or none}<bdi>{escape(where)}</bdi><br>'
        f"characters {row['start']:,} to {row['end']:,}</div></div>\n"
    )


def _labels(row: Mapping[str, Any]) -> list[str]:
    """Return the labels that a clause is given; none where nothing was predicted."""
    return list(row["labels"]) if "labels" in row else [row["label"]] if "label" in row else []


def _probability(row: Mapping[str, Any], label: str) -> str:
    value = row["probabilities"].get(label)
    return "" if value is None else f" {value:.2f}"


def _colour(place: int) -> str:
    """Return a colour that is far from those of the places beside it: hues a golden angle apart."""
    return f"hsl({place * 137.508 % 360:.0f} 65% 42%)"
