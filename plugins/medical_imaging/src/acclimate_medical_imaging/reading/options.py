"""How DICOM files are read where nothing is asked for; `rows.dicom_rows` says what each means."""

from collections.abc import Mapping

from acclimate.contracts import OptionError, did_you_mean

OPTIONS: Mapping[str, str] = {
    "labels": "",
    "unlabelled": "refuse",
    "window": "",
    "frame": "middle",
    "patient": "auto",
    "ids": "pseudonym",
}
KEPT = ("window", "frame")  # what a saved run reads new files with
UNLABELLED = (
    "Name a table with a column of patients, studies, series, images or paths and one of labels: --read labels=FILE. "
    "In a folder it may lie as labels.csv, or --read labels=folders takes the names of folders."
)


def check_words(options: Mapping[str, str], words: Mapping[str, tuple[str, ...]]) -> None:
    """Raise OptionError for an option that is none of its words."""
    for name, known in words.items():
        if options[name] not in known:
            raise OptionError(
                f"{name} is {' or '.join(map(repr, known))}, found {options[name]!r}.",
                did_you_mean(str(options[name]), known),
            )
