"""How pictures with masks are read where nothing is asked for; `rows.masked_rows` says what each means."""

from collections.abc import Mapping

OPTIONS: Mapping[str, str] = {
    "masks": "",
    "unmasked": "refuse",
    "segments": "label",
    "others": "refuse",
    "overlap": "refuse",
    "window": "",
    "patient": "auto",
    "ids": "pseudonym",
}
KEPT = ("window",)  # what a saved run reads new files with
WORDS: Mapping[str, tuple[str, ...]] = {
    "unmasked": ("refuse", "skip", "empty"),
    "segments": ("label", "number"),
    "others": ("refuse", "background"),
    "overlap": ("refuse", "last"),
    "patient": ("auto", "study"),
    "ids": ("pseudonym", "path"),
}
