"""Packs: what lies in them, and that no row is lost, doubled or cut, whatever the rows are."""

from itertools import pairwise

import pytest
from acclimate.contracts import DataError, OptionError
from acclimate.models.causal import Pack, SupervisedRow, pack, separate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# Drawing takes seconds where others use the machine.
patient = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def rows(draw: st.DrawFn) -> list[SupervisedRow]:
    """Return rows of few different tokens, so that prefixes, whole rows and parts of them are often alike."""
    made = []
    for _ in range(draw(st.integers(1, 9))):
        ids = draw(st.lists(st.integers(0, 2), min_size=2, max_size=9))
        supervised = [False, *draw(st.lists(st.booleans(), min_size=len(ids) - 1, max_size=len(ids) - 1))]
        supervised[draw(st.integers(1, len(ids) - 1))] = True
        prefix = draw(st.integers(0, len(ids)))
        made.append(SupervisedRow(ids=tuple(ids), supervised=tuple(supervised), prefix=prefix))
    return made


def places(made: Pack, number: int, row: SupervisedRow) -> list[int]:
    """Return where the tokens of a row lie, by what its own tokens and its targets say about it."""
    own = [place for place, owner in enumerate(made.owners) if owner == number]
    groups = {made.groups[place] for place in own} or {
        made.groups[source] for source, of in zip(made.sources, made.target_rows, strict=True) if of == number
    }
    (group,) = groups
    shared = [p for p, owner in enumerate(made.owners) if owner == -1 and made.groups[p] == group]
    return [*shared, *own]


@patient
@given(rows(), st.integers(1, 30))
def test_every_row_is_in_one_pack_whole_with_its_positions_and_its_targets(
    given_rows: list[SupervisedRow], budget: int
) -> None:
    packs = pack(given_rows, budget_tokens=budget)
    assert sorted(number for made in packs for number in made.rows) == list(range(len(given_rows)))
    for made in packs:
        for number in made.rows:
            row = given_rows[number]
            at = places(made, number, row)
            assert tuple(made.ids[place] for place in at) == row.ids
            assert [made.positions[place] for place in at] == list(range(len(row.ids)))
            wanted = [(at[place - 1], row.ids[place]) for place, learned in enumerate(row.supervised) if learned]
            found = zip(made.sources, made.targets, made.target_rows, strict=True)
            assert [(source, target) for source, target, of in found if of == number] == wanted


@patient
@given(rows(), st.integers(1, 30))
def test_a_pack_stays_within_its_budget_unless_one_row_alone_does_not(
    given_rows: list[SupervisedRow], budget: int
) -> None:
    for made in pack(given_rows, budget_tokens=budget):
        assert len(made.ids) <= budget or len(made.rows) == 1
        assert len(made.ids) == len(made.positions) == len(made.groups) == len(made.owners)


@patient
@given(rows())
def test_a_prefix_is_once_in_a_pack_and_nothing_else_is_shared(given_rows: list[SupervisedRow]) -> None:
    (made,) = pack(given_rows, budget_tokens=1000)
    prefixes = {row.ids[: row.prefix] for row in given_rows}
    own = sum(len(row.ids) - row.prefix for row in given_rows)
    assert len(made.ids) == own + sum(map(len, prefixes))


@patient
@given(rows(), st.integers(1, 30))
def test_the_same_rows_give_the_same_packs(given_rows: list[SupervisedRow], budget: int) -> None:
    assert pack(given_rows, budget_tokens=budget) == pack(tuple(given_rows), budget_tokens=budget)


@patient
@given(rows())
def test_rows_apart_are_packs_of_one_row_in_their_order(given_rows: list[SupervisedRow]) -> None:
    packs = separate(given_rows)
    assert [made.rows for made in packs] == [(number,) for number in range(len(given_rows))]
    assert [made.ids for made in packs] == [row.ids for row in given_rows]
    assert all(after - before == 1 for made in packs for before, after in pairwise(made.positions))


def test_rows_with_one_prefix_come_together_though_a_pack_before_has_room() -> None:
    def made(prefix: list[int], own: int) -> SupervisedRow:
        ids = (*prefix, *range(100, 100 + own))
        return SupervisedRow(ids=ids, supervised=(False, *[True] * (len(ids) - 1)), prefix=len(prefix))

    one, other = [1] * 6, [2] * 6
    given_rows = [made(one, 6), made(other, 5), made(other, 2), made(one, 1)]
    assert [set(found.rows) for found in pack(given_rows, budget_tokens=14)] == [{0, 3}, {1, 2}]


def row(ids: int, supervised: tuple[bool, ...], prefix: int = 0) -> SupervisedRow:
    return SupervisedRow(ids=tuple(range(ids)), supervised=supervised, prefix=prefix)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (row(3, (False, True)), "Row 1 has 3 tokens and 2 marks"),
        (row(3, (False, False, False)), "Row 1 has 3 tokens and no target"),
        (row(0, ()), "Row 1 has 0 tokens and no target"),
        (row(2, (True, True)), "first token of row 1 is a target"),
        (row(2, (False, True), prefix=3), "Row 1 has 2 tokens, of which 3 are said to be its prefix"),
        (row(2, (False, True), prefix=-1), "of which -1 are said"),
    ],
)
def test_a_row_that_cannot_be_learned_is_refused(bad: SupervisedRow, message: str) -> None:
    good = row(2, (False, True))
    with pytest.raises(DataError, match=message):
        pack([good, bad], budget_tokens=9)
    with pytest.raises(DataError, match=message):
        separate([good, bad])


def test_a_pack_without_room_for_a_token_is_refused() -> None:
    with pytest.raises(OptionError, match="at least 1 token, found 0"):
        pack([row(2, (False, True))], budget_tokens=0)
