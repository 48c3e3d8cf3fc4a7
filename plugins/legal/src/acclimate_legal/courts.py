"""Courts by name: where each sits, in which system and at what level, to split and to slice by.

courts-db (Free Law Project, BSD-2) knows American courts; those of other countries come from a mapping of one's own.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from acclimate.contracts import DataError, MissingPackageError

_LEVELS = {"colr": "highest", "iac": "appellate", "gjc": "trial", "ljc": "trial", "trial": "trial"}
_KINDS = ("appellate", "trial", "bankruptcy", "special")
_SUPREME = "scotus"


@dataclass(frozen=True, slots=True, kw_only=True)
class Court:
    """A court; its `jurisdiction` is "United States" for federal courts, else the state, or what a mapping says.

    `court_level` is "highest", "appellate", "trial", "bankruptcy", "special" or "", where it is not told.
    """

    court_id: str
    jurisdiction: str
    court_system: str = ""
    court_level: str = ""
    court_state: str = ""


def read_mapping(file: str | Path) -> dict[str, Court]:
    """Return courts by name from a CSV file with columns `name` and `jurisdiction`, and any others of `Court`.

    Raises:
        DataError: when the file cannot be read, a column is missing or unknown, or a name stands there twice.
    """
    from acclimate.data.read import LINE, csv_rows

    known = [field.name for field in fields(Court)]
    found: dict[str, Court] = {}
    for row in csv_rows(str(file)):
        line = row.pop(LINE)
        wrong = [name for name in row if name not in ("name", *known)]
        missing = [name for name in ("name", "jurisdiction") if not row.get(name)]
        if wrong or missing:
            told = f"{', '.join(wrong or missing)} {'is no column of it' if wrong else 'is missing'}"
            raise DataError(
                f"{Path(file).name}, line {line}: {told}.",
                f"A mapping of courts has the columns name and jurisdiction, and maybe {', '.join(known)}.",
            )
        name = _plain(row.pop("name"))
        if name in found:
            raise DataError(f"{Path(file).name}, line {line}: {name!r} is there twice.", "Leave one of them.")
        found[name] = Court(**{"court_id": name, **{key: value for key, value in row.items() if value}})
    return found


def find_courts(name: str, mapping: Mapping[str, Court] | None = None, date: datetime | None = None) -> list[Court]:
    """Return the courts that a name stands for: one, none, or several where it does not tell them apart.

    A name is looked up in `mapping`, then as an id of CourtListener ("ca9"), then as it stands in citations
    ("9th Cir.", "S.D.N.Y."), then as written out ("United States Court of Appeals for the Ninth Circuit"). With a
    `date` only courts that sat then are found. Nothing is guessed from a part of a name.

    Raises:
        MissingPackageError: when courts-db is not installed, for names that the mapping does not have.
    """
    own = (mapping or {}).get(_plain(name))
    if own is not None:
        return [own]
    by_id, by_citation = _known()
    if name.strip() in by_id:
        return _sitting([name.strip()], date)
    ids = by_citation.get(_citation(name)) or _by_name(name)
    return _sitting(ids, date)


def _by_name(name: str) -> list[str]:
    from courts_db import find_court

    return sorted(find_court(name))


def _sitting(ids: Iterable[str], date: datetime | None) -> list[Court]:
    from courts_db import filter_courts_by_date

    ids = list(ids)
    if date is not None:
        ids = sorted(set(filter_courts_by_date(ids, date)))
    by_id, _ = _known()
    return [_court(by_id[each]) for each in ids]


@cache
def _known() -> tuple[dict[str, Mapping[str, Any]], dict[str, list[str]]]:
    """Return the courts of courts-db by id, and their ids by how citations write them."""
    try:
        from courts_db import courts
    except ImportError as error:
        raise MissingPackageError(
            "American courts are known by the package courts-db.",
            "Install it: pip install 'acclimate-legal[citations]'; or give a mapping of all courts.",
        ) from error
    by_citation: dict[str, list[str]] = {}
    for each in courts:
        written = _citation(each.get("citation_string") or "")
        if written:
            by_citation.setdefault(written, []).append(each["id"])
    return {each["id"]: each for each in courts}, by_citation


def _court(entry: Mapping[str, Any]) -> Court:
    system, state = entry.get("system") or "", entry.get("location") or ""
    return Court(
        court_id=entry["id"],
        jurisdiction="United States" if system == "federal" else state,
        court_system=system,
        court_level=_level(entry),
        court_state=state,
    )


def _level(entry: Mapping[str, Any]) -> str:
    kind = entry.get("type") or ""
    if entry["id"] == _SUPREME:
        return "highest"
    return _LEVELS.get(entry.get("level") or "") or (kind if kind in _KINDS else "")


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _citation(name: str) -> str:
    """Return a name without its spaces, in which citations differ: "S. D. N. Y." is "S.D.N.Y."."""
    return re.sub(r"\s", "", name)
