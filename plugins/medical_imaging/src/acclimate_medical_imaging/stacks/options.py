"""How volumes are read where nothing is asked for; `rows.volume_rows` says what each means."""

from collections.abc import Mapping

OPTIONS: Mapping[str, str] = {
    "labels": "",
    "unlabelled": "refuse",
    "window": "percentile",
    "slices": "24",
    "plane": "acquired",
    "spacing": "",
    "patient": "auto",
    "ids": "pseudonym",
}
KEPT = ("window", "slices", "plane", "spacing")  # what a saved run reads new volumes with
UNLABELLED = (
    "Name a table with a column of patients, studies, series or paths and one of labels: --read labels=FILE. "
    "In a folder it may lie as labels.csv, or --read labels=folders takes the folders directly inside it as labels."
)
