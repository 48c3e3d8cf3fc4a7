"""Table E.1-1 of DICOM PS3.15: what becomes of each attribute under the Basic Profile."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from pkgutil import iter_modules

from acclimate.contracts import MissingPackageError

_PREFIX = "dicomfields_"


class Action(Enum):
    """What becomes of an attribute; where the table leaves a choice, what keeps the object valid in any module."""

    REMOVE = "X"
    EMPTY = "Z"
    DUMMY = "D"
    NEW_UID = "U"
    REFERENCES = "U*"
    KEEP = "K"


_BY_LIST = {
    "X_TAGS": Action.REMOVE,
    "Z_TAGS": Action.EMPTY,
    "X_Z_TAGS": Action.EMPTY,
    "D_TAGS": Action.DUMMY,
    "Z_D_TAGS": Action.DUMMY,
    "X_D_TAGS": Action.DUMMY,
    "X_Z_D_TAGS": Action.DUMMY,
    "U_TAGS": Action.NEW_UID,
    "X_Z_U_STAR_TAGS": Action.REFERENCES,
}

# The K of column "Rtn. Dev. Id. Opt." (PS3.15 Table E.1-1).
DEVICE = frozenset(
    {
        *(0x00081010, 0x0016004E, 0x0016004F, 0x00160050, 0x00160051, 0x00181000, 0x00181002, 0x00181004),
        *(0x00181005, 0x00181007, 0x00181008, 0x00181009, 0x0018100A, 0x0018100B, 0x00185011, 0x0018700A),
        *(0x00189367, 0x00189371, 0x00189373, 0x00321020, 0x00321021, 0x00400001, 0x00400010, 0x00400011),
        *(0x00400241, 0x00400242, 0x00404025, 0x00404027, 0x00404028, 0x00404030, 0x00500020, 0x300A00B2),
        *(0x300A0216, 0x30080105, 0x3010002D, 0x30100043),
    }
)
# The K of column "Rtn. Pat. Chars. Opt.", without Ethnic Group, which is typed text: sex, age, size, weight,
# smoking, pregnancy, neutered.
PATIENT = frozenset({0x00100040, 0x00101010, 0x00101020, 0x00101030, 0x001021A0, 0x001021C0, 0x00102203})


@dataclass(frozen=True, kw_only=True)
class Table:
    """The actions by tag (group and element as one number), and the edition of the standard they are from."""

    edition: str
    actions: Mapping[int, Action]


def read_table() -> Table:
    """Return the newest edition that dicom-anonymizer has. Curves and overlays are not in it: they go as groups.

    Raises:
        MissingPackageError: without dicom-anonymizer.
    """
    try:
        editions = import_module("dicomanonymizer.dicom_anonymization_databases")
    except ImportError as error:
        raise MissingPackageError(
            "De-identification needs the package 'dicom-anonymizer'.",
            "Install it: pip install 'acclimate-medical-imaging[deidentify]'.",
        ) from error
    newest = max(module.name for module in iter_modules(editions.__path__) if module.name.startswith(_PREFIX))
    lists = import_module(f"{editions.__name__}.{newest}")
    actions = {
        tag[0] << 16 | tag[1]: action
        for name, action in _BY_LIST.items()
        for tag in getattr(lists, name)
        if len(tag) == 2
    }
    return Table(edition=newest.removeprefix(_PREFIX), actions=actions)
