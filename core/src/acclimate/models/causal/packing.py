"""Rows packed into sequences: none sees another, and a prefix that rows share is there once.

Each token belongs to a group, whose rows begin with the same prefix, and to an owner, a row or the prefix itself. It
attends to the prefix of its group and to its own row, as far as they stand before it. Positions count on from the
prefix in every row, so that nothing tells a packed row from one that stands alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from acclimate.contracts import DataError, OptionError
from acclimate.models.causal.rows import SupervisedRow

PREFIX = -1  # owner of the tokens that every row of a group may attend to
_EMPTY = "Leave rows without text or without an answer out before training."


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Some rows in one sequence.

    `rows` are their numbers, in the order in which they lie. Of each token: `ids`, `positions`, `groups`, `owners`.
    Of each target, row by row: `sources`, the place of the token it is predicted from, `targets`, its id, and
    `target_rows`, the number of its row.
    """

    rows: tuple[int, ...]
    ids: tuple[int, ...]
    positions: tuple[int, ...]
    groups: tuple[int, ...]
    owners: tuple[int, ...]
    sources: tuple[int, ...]
    targets: tuple[int, ...]
    target_rows: tuple[int, ...]


@dataclass(slots=True)
class _Bin:
    """Rows that will become one pack, by the prefix they share."""

    tokens: int = 0
    groups: dict[tuple[int, ...], list[int]] = field(default_factory=dict)

    def needed(self, row: SupervisedRow) -> int:
        """Return how many tokens a row adds."""
        return len(row.ids) - (row.prefix if _prefix(row) in self.groups else 0)

    def add(self, number: int, row: SupervisedRow) -> None:
        self.tokens += self.needed(row)
        self.groups.setdefault(_prefix(row), []).append(number)


def pack(rows: Sequence[SupervisedRow], *, budget_tokens: int) -> tuple[Pack, ...]:
    """Return packs of at most `budget_tokens` tokens that hold every row once; the same rows give the same packs.

    The longest row goes first, into the first pack that has room and holds its prefix already, else into the first
    one with room, else into a new one. A row that is longer than the budget is a pack of its own.

    Raises:
        DataError: for a row without tokens or targets, or whose numbers do not fit each other.
        OptionError: for a budget below one token.
    """
    if budget_tokens < 1:
        raise OptionError(f"A pack needs a budget of at least 1 token, found {budget_tokens}.", "Give it more.")
    for number, row in enumerate(rows):
        _check(number, row)
    bins: list[_Bin] = []
    for number in sorted(range(len(rows)), key=lambda number: (-len(rows[number].ids), number)):
        row = rows[number]
        fitting = [made for made in bins if made.tokens + made.needed(row) <= budget_tokens]
        fitting.sort(key=lambda made: _prefix(row) not in made.groups)  # stable: the first pack stays first
        if not fitting:
            fitting = [_Bin()]
            bins += fitting
        fitting[0].add(number, row)
    return tuple(_packed(rows, made) for made in bins)


def separate(rows: Sequence[SupervisedRow]) -> tuple[Pack, ...]:
    """Return a pack of its own for each row, in their order, for models that rows cannot be packed for.

    Raises:
        DataError: as for `pack`.
    """
    packs = []
    for number, row in enumerate(rows):
        _check(number, row)
        alone = _Bin()
        alone.add(number, row)
        packs.append(_packed(rows, alone))
    return tuple(packs)


def _prefix(row: SupervisedRow) -> tuple[int, ...]:
    return row.ids[: row.prefix]


def _check(number: int, row: SupervisedRow) -> None:
    tokens = len(row.ids)
    if len(row.supervised) != tokens:
        raise DataError(
            f"Row {number} has {tokens} tokens and {len(row.supervised)} marks of which are targets.",
            "Give one mark for each token.",
        )
    if not any(row.supervised):
        raise DataError(f"Row {number} has {tokens} tokens and no target among them.", _EMPTY)
    if row.supervised[0]:
        raise DataError(f"The first token of row {number} is a target, and nothing predicts it.", "Do not mark it.")
    if not 0 <= row.prefix <= tokens:
        raise DataError(
            f"Row {number} has {tokens} tokens, of which {row.prefix} are said to be its prefix.",
            "Count the prefix within the row.",
        )


def _packed(rows: Sequence[SupervisedRow], made: _Bin) -> Pack:
    """Lay the rows of a bin out: the groups by their first row, in each the prefix and then its rows."""
    ids: list[int] = []
    positions: list[int] = []
    groups: list[int] = []
    owners: list[int] = []
    found: dict[int, tuple[list[int], list[int]]] = {}
    members = sorted(sorted(numbers) for numbers in made.groups.values())

    def lay(tokens: Sequence[int], first: int, group: int, owner: int) -> int:
        start = len(ids)
        ids.extend(tokens)
        positions.extend(range(first, first + len(tokens)))
        groups.extend([group] * len(tokens))
        owners.extend([owner] * len(tokens))
        return start

    for group, numbers in enumerate(members):
        prefix = _prefix(rows[numbers[0]])
        shared = lay(prefix, 0, group, PREFIX)
        for number in numbers:
            row, own = rows[number], lay(rows[number].ids[len(prefix) :], len(prefix), group, number)
            learned = [place for place, target in enumerate(row.supervised) if target]
            before = [place - 1 for place in learned]
            sources = [shared + at if at < len(prefix) else own + at - len(prefix) for at in before]
            found[number] = sources, [row.ids[place] for place in learned]
    order = [number for numbers in members for number in numbers]
    return Pack(
        rows=tuple(order),
        ids=tuple(ids),
        positions=tuple(positions),
        groups=tuple(groups),
        owners=tuple(owners),
        sources=tuple(at for number in order for at in found[number][0]),
        targets=tuple(target for number in order for target in found[number][1]),
        target_rows=tuple(number for number in order for _ in found[number][1]),
    )
