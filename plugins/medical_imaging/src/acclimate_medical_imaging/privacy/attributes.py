"""One pass over all attributes of an object, at every depth of its sequences."""

from collections.abc import Callable
from dataclasses import dataclass

from pydicom.datadict import dictionary_has_tag, dictionary_keyword, dictionary_VR
from pydicom.dataelem import DataElement, empty_value_for_VR
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence

from acclimate_medical_imaging.privacy.dates import earlier_date, earlier_datetime, plain_time
from acclimate_medical_imaging.privacy.keyed import Keyed
from acclimate_medical_imaging.privacy.table import Action, Table

AGE = 0x00101010
OLDEST = 89  # years: ages above are one group, as in 45 CFR 164.514(b)(2)(i)(C)
BIRTH = frozenset({0x00100030, 0x00100032})
ENCRYPTED_ORIGINALS = 0x04000500
CODES = frozenset({0x00080119, 0x00080120})  # Long Code Value and URN Code Value are codes, not text
CURVES, OVERLAYS = 0x5000, 0x6000
CODING_SCHEME, PUBLIC_CODING_SCHEMES = 0x0008010C, "2.16.840.1.113883.6."  # HL7's register: SNOMED CT, LOINC, …
TYPED = ("Description", "Comment", "Comments", "Notes", "ProtocolName")

_REMOVED = "REMOVED"
_TEXT = ("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UT")
_DUMMIES: dict[str, str | bytes] = {
    **dict.fromkeys(_TEXT, _REMOVED),
    "AS": "000Y",
    "DA": "19000101",
    "DT": "19000101000000",
    "OB": b"\0\0",
    "TM": "000000",
    "UN": b"\0\0",
    "UR": "http://removed.invalid",
}
_BY_VR = {
    **dict.fromkeys(("DA", "DT", "TM"), Action.DUMMY),
    **dict.fromkeys(("AE", "AS", "LT", "ST", "UC", "UN", "UR", "UT"), Action.REMOVE),
    "PN": Action.EMPTY,
    "SQ": Action.REFERENCES,
    "UI": Action.NEW_UID,
}


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What is done to one object: the table, the tags it keeps all the same, and by how many days dates move."""

    table: Table
    kept: frozenset[int]
    keyed: Keyed
    days_earlier: int | None


def clean(dataset: Dataset, rules: Rules) -> None:
    """Remove, empty or replace what may identify, in place, in the object and in all items of its sequences."""
    for tag in list(dataset.keys()):
        vr = _vr(dataset, tag)
        action = _action(tag, vr, rules)
        if not _move(dataset, tag, vr, action, rules):
            _apply(action, dataset, tag, vr, rules)


def _vr(dataset: Dataset, tag: int) -> str:
    """Return the value representation without reading the value; the dictionary's where the file names none."""
    vr = dataset.get_item(tag).VR
    if vr in (None, "UN"):
        return dictionary_VR(tag) if dictionary_has_tag(tag) else "UN"
    return str(vr)


def _action(tag: int, vr: str, rules: Rules) -> Action:
    group = tag >> 16
    if group % 2 or group < 8 or group & 0xFF00 in (CURVES, OVERLAYS) or tag == ENCRYPTED_ORIGINALS:
        return Action.REMOVE
    if vr != "SQ" and dictionary_has_tag(tag) and dictionary_VR(tag) == "SQ":  # items that nobody would look into
        return Action.REMOVE
    if tag in rules.kept:
        return Action.KEEP
    if tag in rules.table.actions:
        return rules.table.actions[tag]
    return _unlisted(tag, vr) if dictionary_has_tag(tag) else Action.REMOVE


def _unlisted(tag: int, vr: str) -> Action:
    """Return what becomes of an attribute that is not in the table: no text, name, date or UID is trusted."""
    keyword = dictionary_keyword(tag)
    if tag in CODES or (vr == "UI" and ("SOPClass" in keyword or "TransferSyntax" in keyword)):
        return Action.KEEP
    if vr in ("LO", "SH"):
        if tag >> 16 == 0x0010:
            return Action.REMOVE
        return Action.EMPTY if keyword.endswith(TYPED) else Action.KEEP
    return _BY_VR.get(vr, Action.KEEP)


def _apply(action: Action, dataset: Dataset, tag: int, vr: str, rules: Rules) -> None:
    if action is Action.REMOVE:
        del dataset[tag]
    elif action is Action.EMPTY:
        dataset[tag] = DataElement(tag, vr, empty_value_for_VR(vr))
    elif action is Action.DUMMY:
        _dummy(dataset, tag, vr)
    elif action is Action.NEW_UID:
        _new_uid(dataset, tag, vr, rules.keyed)
    elif vr == "SQ":
        _items(dataset, tag, rules)
    elif action is Action.REFERENCES:
        del dataset[tag]
    elif tag == AGE:
        _cap_age(dataset)


def _dummy(dataset: Dataset, tag: int, vr: str) -> None:
    """Put a value that says nothing; sequences go, whose items would be invented (PS3.15 table E.1-1, note 13)."""
    if vr in _DUMMIES:
        dataset[tag] = DataElement(tag, vr, _DUMMIES[vr])
    else:
        del dataset[tag]


def _new_uid(dataset: Dataset, tag: int, vr: str, keyed: Keyed) -> None:
    if vr != "UI":
        del dataset[tag]
        return
    old = _values(dataset, tag)
    if not old or (tag == CODING_SCHEME and all(uid.startswith(PUBLIC_CODING_SCHEMES) for uid in old)):
        return
    dataset[tag] = DataElement(tag, vr, [keyed.uid(uid) for uid in old])


def _items(dataset: Dataset, tag: int, rules: Rules) -> None:
    value = dataset[tag].value
    if isinstance(value, Sequence):
        for item in value:
            clean(item, rules)
    else:
        del dataset[tag]


def _cap_age(dataset: Dataset) -> None:
    age = str(dataset[AGE].value or "").strip()
    if not (len(age) == 4 and age[:3].isdigit() and age[3] in "DWMY"):
        del dataset[AGE]
    elif age[3] == "Y" and int(age[:3]) > OLDEST:
        dataset[AGE].value = "090Y"


def _move(dataset: Dataset, tag: int, vr: str, action: Action, rules: Rules) -> bool:
    """Move a date of the standard where that is asked for and there is one to move; return whether it was."""
    listed = tag in rules.table.actions or action is Action.DUMMY
    if rules.days_earlier is None or vr not in _MOVES or not listed or tag in BIRTH:
        return False
    old = _values(dataset, tag)
    if not old:
        return action is not Action.REMOVE
    moved = [_MOVES[vr](text, rules.days_earlier) for text in old]
    if None in moved:
        return False
    dataset[tag] = DataElement(tag, vr, moved)
    return True


def _values(dataset: Dataset, tag: int) -> list[str]:
    value = dataset[tag].value
    return [str(one) for one in value] if isinstance(value, MultiValue) else [str(value)] if value else []


_MOVES: dict[str, Callable[[str, int], str | None]] = {
    "DA": earlier_date,
    "DT": earlier_datetime,
    "TM": lambda text, _: plain_time(text),
}
