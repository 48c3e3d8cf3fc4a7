"""How DICOM files are read where nothing is asked for; `rows.dicom_rows` says what each means."""

from collections.abc import Mapping

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
