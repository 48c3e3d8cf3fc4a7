"""Chats that are longer than a limit: refused, cut, left out, or parted between turns; and how much that loses."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from acclimate.contracts import Chat, TokenLengths
from acclimate.models.causal.chat import ChatPreprocessing
from acclimate.models.causal.rows import SupervisedRow


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedChat:
    """A chat in rows that training can read: one as a rule, several where it was parted, none where it was dropped.

    `whole` is the chat in one row, however long.
    """

    whole: SupervisedRow
    rows: tuple[SupervisedRow, ...]

    @property
    def answers(self) -> int:
        """How many answers the chat has."""
        return len(_ends(self.whole.supervised))

    @property
    def kept_answers(self) -> int:
        """How many of its answers are kept to the token that ends them."""
        stop = self.whole.ids[_ends(self.whole.supervised)[0]]
        return sum(row.ids[end] == stop for row in self.rows for end in _ends(row.supervised))


def fitted(preprocessing: ChatPreprocessing, chat: Chat, policy: str) -> FittedChat:
    """Return a chat in rows of at most `preprocessing.max_tokens` tokens.

    With the policy "error" a chat that is too long is none: what then is to be said is for the caller. "truncate"
    keeps the first tokens, "split" parts between exchanges, each part with the system prompt. A row keeps no chat
    that has nothing left to learn.
    """
    whole, limit = preprocessing.row(chat), preprocessing.max_tokens
    if len(whole.ids) <= limit:
        return FittedChat(whole=whole, rows=(whole,))
    rows: list[SupervisedRow] = []
    if policy == "truncate":
        rows = [_cut(whole, limit)]
    elif policy == "split":
        rows = _parted(preprocessing, chat)
    return FittedChat(whole=whole, rows=tuple(row for row in rows if any(row.supervised)))


def fitted_reply(preprocessing: ChatPreprocessing, chat: Chat, policy: str) -> FittedChat:
    """Return a chat in one row of which only the last answer is learned, all before it being its prefix; or in none.

    The policy is as for `fitted`, but for "split": a reply stands behind all that it replies to.
    """
    row = preprocessing.row(chat)
    end = len(row.supervised) - row.supervised[::-1].index(True)
    start = end - (*row.supervised[:end][::-1], False).index(False)
    learned = tuple(start <= place < end for place in range(len(row.ids)))
    whole, limit = replace(row, supervised=learned, prefix=start), preprocessing.max_tokens
    if len(whole.ids) <= limit:
        return FittedChat(whole=whole, rows=(whole,))
    kept = policy == "truncate" and start < limit
    return FittedChat(whole=whole, rows=(_cut(whole, limit),) if kept else ())


def lengths_of(chats: Sequence[FittedChat], limit: int) -> TokenLengths:
    """Return how long chats are, and what was lost of those that are longer than a limit."""
    counts = np.array([len(chat.whole.ids) for chat in chats])
    long = [chat for chat in chats if len(chat.whole.ids) > limit]
    # The parts of a chat repeat its system prompt, so that what is kept is counted without it.
    lost = sum(
        len(chat.whole.ids) - chat.whole.prefix - sum(len(row.ids) - row.prefix for row in chat.rows) for chat in long
    )
    p50, p95 = np.percentile(counts, [50, 95], method="higher").tolist()
    return TokenLengths(
        rows=len(chats),
        p50=int(p50),
        p95=int(p95),
        maximum=int(counts.max()),
        too_long=len(long),
        dropped=sum(not chat.rows for chat in chats),
        tokens=int(counts.sum()),
        tokens_lost=lost,
        answers=sum(chat.answers for chat in chats),
        answers_lost=sum(chat.answers - chat.kept_answers for chat in long),
    )


def _cut(row: SupervisedRow, limit: int) -> SupervisedRow:
    return replace(row, ids=row.ids[:limit], supervised=row.supervised[:limit], prefix=min(row.prefix, limit))


def _parted(preprocessing: ChatPreprocessing, chat: Chat) -> list[SupervisedRow]:
    """Return the exchanges of a chat in as few rows as hold them in order; those that no row holds are left out."""
    system = chat[:1] if chat[0].role == "system" else ()
    turns = chat[len(system) :]
    starts = [place for place, turn in enumerate(turns) if turn.role == "user"]
    exchanges = [turns[start:end] for start, end in pairwise([*starts, len(turns)])]
    rows: list[SupervisedRow] = []
    part: tuple[SupervisedRow, Chat] | None = None
    for exchange in exchanges:
        longer = None if part is None else _held(preprocessing, (*system, *part[1], *exchange))
        if longer is not None and part is not None:
            part = longer, (*part[1], *exchange)
            continue
        if part is not None:
            rows.append(part[0])
        alone = _held(preprocessing, (*system, *exchange))
        part = None if alone is None else (alone, tuple(exchange))
    return rows if part is None else [*rows, part[0]]


def _held(preprocessing: ChatPreprocessing, chat: Chat) -> SupervisedRow | None:
    row = preprocessing.row(chat)
    return row if len(row.ids) <= preprocessing.max_tokens else None


def _ends(supervised: Sequence[bool]) -> list[int]:
    """Return the places of the last tokens of answers."""
    return [
        place
        for place, learned in enumerate(supervised)
        if learned and not (place + 1 < len(supervised) and supervised[place + 1])
    ]
