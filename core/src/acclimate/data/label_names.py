"""What the labels of a source stand for: by the names that a preset knows, or as the user says; never by position."""

from collections.abc import Mapping, Sequence

from acclimate.contracts import DataError, LabelNames, OptionError, did_you_mean
from acclimate.data.cells import Tally

_SHOWN = 10


def read_label_names(text: str) -> dict[str, str]:
    """Return what "0=negative,1=neutral" says: by each label of a source the one that it stands for.

    Raises:
        OptionError: a part of it has no "=", an empty side, or a label that an earlier one has.
    """
    found: dict[str, str] = {}
    for part in text.split(",") if text.strip() else ():
        label, _, name = (each.strip() for each in part.partition("="))
        if not label or not name or label in found:
            reason = "says twice what a label stands for" if label in found else "is not LABEL=NAME"
            raise OptionError(
                f"label_names are LABEL=NAME with commas between, found {text!r}, where {part.strip()!r} {reason}.",
                'Such as label_names="0=negative,1=neutral,2=positive".',
            )
        found[label] = name
    return found


class Naming:
    """Gives the labels of one source their names and remembers those that have none, for one error at the end."""

    def __init__(self, given: Mapping[str, str], known: LabelNames | None) -> None:
        self.given, self.known = dict(given), known
        self.used: set[str] = set()
        self.unknown: dict[str, Tally] = {}
        if known is not None:
            self.given = {label: self._of_known(name, known) for label, name in given.items()}

    @staticmethod
    def _of_known(name: str, known: LabelNames) -> str:
        found = known.find(name)
        if found is None:
            raise OptionError(
                f"label_names names the label {name!r}, which the preset does not know; it knows "
                f"{', '.join(known.order)}.",
                did_you_mean(name, known.order),
            )
        return found

    def name(self, label: str, where: str) -> str:
        """Return what a label at a place like "line 4" stands for; itself where nobody says."""
        if label in self.given:
            self.used.add(label)
            return self.given[label]
        if self.known is None or not label:
            return label
        found = self.known.find(label)
        if found is None:
            self.unknown.setdefault(label, Tally()).add(where)
        return found or label

    def check(self, source: str, column: str, *, every: bool) -> None:
        """Pass when each label of the source has a name, and with `every` each label that the user named occurs.

        Raises:
            DataError: otherwise; it says how to name them.
        """
        if self.unknown:
            raise self._unnamed(source, column)
        never = sorted(set(self.given) - self.used)
        if every and never:
            raise DataError(
                f"label_names names {', '.join(map(repr, never))}, which no row of {source} has in {column!r}.",
                "Correct the name, or leave it out.",
            )

    def _unnamed(self, source: str, column: str) -> DataError:
        assert self.known is not None
        shown: Sequence[str] = sorted(self.unknown)[:_SHOWN]
        rest = f" and {len(self.unknown) - _SHOWN:,} more" if len(self.unknown) > _SHOWN else ""
        told = ", ".join(f"{label!r} ({self.unknown[label]})" for label in shown)
        numbers = any(_is_numbered(label) for label in self.unknown)
        why = " Numbers are not mapped by position: data sets number the same labels differently." if numbers else ""
        example = ",".join([*(f"{label}={value}" for label, value in self.given.items()), *(f"{x}=…" for x in shown)])
        return DataError(
            f"{source} has labels in column {column!r} that the preset does not know by name: {told}{rest}.{why}",
            f'Say what they stand for: label_names="{example}" in Python, --label-names "{example}" on the command '
            f"line, each … one of {', '.join(self.known.order)}.",
        )


def _is_numbered(label: str) -> bool:
    """Return whether a label is a number or one with a word before it ("LABEL_2"), as checkpoints write them."""
    number = label.casefold().removeprefix("label_").lstrip("+-")
    return number.replace(".", "", 1).isdigit()
