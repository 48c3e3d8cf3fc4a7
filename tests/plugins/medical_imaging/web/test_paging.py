"""Results page by page."""

from typing import Any

import pytest
from acclimate_medical_imaging.web import ServerError
from acclimate_medical_imaging.web.paging import paged

TAG = "0020000E"


def _results(*numbers: int) -> list[dict[str, Any]]:
    return [{TAG: {"vr": "UI", "Value": [f"1.2.{number}"]}} for number in numbers]


@pytest.mark.parametrize("total", [0, 1, 3, 4, 7, 12])
@pytest.mark.parametrize("own_limit", [2, 3, 100])
def test_every_result_comes_once_whatever_the_server_s_own_limit(total: int, own_limit: int) -> None:
    everything = _results(*range(total))

    def page_at(limit: int, offset: int) -> list[dict[str, Any]]:
        return everything[offset : offset + min(limit, own_limit)]

    assert list(paged(page_at, TAG, 4)) == everything


def test_a_server_that_returns_everything_at_once_is_done() -> None:
    assert list(paged(lambda limit, offset: _results(*range(9)), TAG, 4)) == _results(*range(9))


def test_results_that_repeat_across_pages_come_once() -> None:
    pages = {0: _results(1, 2, 3), 3: _results(3, 4, 5), 6: []}
    assert list(paged(lambda limit, offset: pages[offset], TAG, 3)) == _results(1, 2, 3, 4, 5)


def test_a_server_that_ignores_the_offset_is_an_error_not_a_short_result() -> None:
    with pytest.raises(ServerError, match=r"repeats its first 3 results.*ignores the offset"):
        list(paged(lambda limit, offset: _results(1, 2, 3), TAG, 3))


@pytest.mark.parametrize("uid", ["../../etc/passwd", "", "1.2.x", "1" * 65])
def test_a_uid_that_is_none_is_refused(uid: str) -> None:
    with pytest.raises(ServerError, match="whose UID is none"):
        list(paged(lambda limit, offset: [{TAG: {"vr": "UI", "Value": [uid]}}], TAG, 3))
