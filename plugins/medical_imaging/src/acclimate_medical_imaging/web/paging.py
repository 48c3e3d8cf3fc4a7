"""Results page by page, each once."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from acclimate_medical_imaging.web.errors import ServerError

PAGE = 100
Result = Mapping[str, Any]


def paged(page_at: Callable[[int, int], list[dict[str, Any]]], tag: str, limit: int = PAGE) -> Iterator[Result]:
    """Yield what `page_at(limit, offset)` returns, page after page, each UID under `tag` once.

    A page that is shorter than `limit` is not taken for the last: servers have limits of their own.

    Raises:
        ServerError: when the server repeats a full page, so that the rest cannot be reached.
    """
    seen: set[str] = set()
    offset = 0
    while results := page_at(limit, offset):
        before = len(seen)
        for result in results:
            uid = _uid(result, tag)
            if uid not in seen:
                seen.add(uid)
                yield result
        if len(seen) == before and len(results) == limit:
            raise ServerError(
                f"The server repeats its first {limit} results instead of going on: it ignores the offset.",
                "Narrow the search with more attributes.",
            )
        if len(seen) == before:
            return
        offset += len(results)


def _uid(result: Result, tag: str) -> str:
    values = (result.get(tag) or {}).get("Value") or [""]
    uid = str(values[0])
    if not 0 < len(uid) <= 64 or uid.strip("0123456789."):
        raise ServerError("The server sent a result whose UID is none.", "Ask who runs it.")
    return uid
