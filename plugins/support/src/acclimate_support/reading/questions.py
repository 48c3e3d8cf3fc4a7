"""Questions with their answers, as the package chatterbot-corpus installs them."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml
from acclimate.contracts import DataError, MissingPackageError

PACKAGE = "chatterbot_corpus"
# libyaml reads ten times faster, where PyYAML was built with it.
_Yaml = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def question_rows(source: str) -> Iterator[dict[str, Any]]:
    """Yield one row for each English question with its answer, once: `id`, `question`, `answer` and `topic`.

    The package is read from disk and never imported. What stands before its first answer is the question of an entry;
    entries whose first line is no question, and further turns, are left out. Of 1,050 entries on technical help ten
    are different; 1.3.3 has most of its questions on other topics.

    Raises:
        MissingPackageError: when chatterbot-corpus is not installed.
        DataError: when a file of it is not as all of them are.
    """
    seen: set[tuple[str, str]] = set()
    for file in sorted(_folder(source).glob("*.yml")):
        for number, (question, answer) in enumerate(_pairs(file)):
            if (question, answer) not in seen:
                seen.add((question, answer))
                yield {"id": f"{file.stem}:{number}", "question": question, "answer": answer, "topic": file.stem}


def _folder(source: str) -> Path:
    spec = find_spec(PACKAGE)
    for location in (spec and spec.submodule_search_locations) or ():
        folder = Path(location) / "data" / "english"
        if folder.is_dir():
            return folder
    raise MissingPackageError(
        f"{source!r} needs the package chatterbot-corpus, which is not installed.",
        "Install it: pip install 'acclimate-support[demo]'.",
    )


def _pairs(file: Path) -> Iterator[tuple[str, str]]:
    whole = yaml.load(file.read_text("utf-8"), _Yaml)
    conversations = whole.get("conversations") if isinstance(whole, dict) else None
    if not isinstance(conversations, list):
        raise DataError(
            f"{file.name} of chatterbot-corpus has no conversations.",
            "Reinstall it: pip install --force-reinstall chatterbot-corpus.",
        )
    for entry in conversations:
        said = [str(each).strip() for each in entry[:2]] if isinstance(entry, list) else []
        if len(said) == 2 and all(said) and (said[0].endswith("?") or file.stem == "tech_support"):
            yield said[0], said[1]
