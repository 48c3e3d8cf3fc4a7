"""Preferences read, dealt to parts, and turned into tokens: two replies for each row."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acclimate import data, models
from acclimate.api import dealing, inputs
from acclimate.api.generating import rows as chats
from acclimate.api.request import Request
from acclimate.contracts import Chat, DataError, Finding, Message, OptionError, Settings, Standing, TokenLengths
from acclimate.plugins import Host

if TYPE_CHECKING:
    import datasets

LABELS = ("preference",)  # all rows are of one kind
Prepare = Callable[[Any], Any] | None
_SHOWN = 10


def deal(host: Host, request: Request, folder: Path) -> tuple[dict[str, "datasets.Dataset"], dealing.Dealt]:
    """Return the tables of a request, and their rows dealt to parts; rows of one question stay in one part.

    Raises:
        DataError: rows that cannot be used or split, or leak; parts of which only some have pairs.
        OptionError: a weight of the cross-entropy of chosen replies where nothing is chosen.
    """
    tables, dealt = chats.deal_loaded(
        host, request, folder, load=data.load_preferences, labels=LABELS, contents=_contents
    )
    if len({paired(table) for table in tables.values()}) > 1:
        raise DataError(
            "Some parts have pairs of replies and others single ones.", "Give all parts the same columns."
        )
    if not paired(tables["train"]):
        if request.settings.sft_weight:
            raise OptionError(
                f"sft_weight is for pairs, and these are single replies; found {request.settings.sft_weight}.",
                "Leave sft_weight out.",
            )
        for part in dealt.parts.values():
            _check_single(part)
    return tables, dealt


def paired(table: "datasets.Dataset") -> bool:
    """Return whether rows have a chosen reply and a rejected one."""
    return data.CHOSEN in table.column_names


def _check_single(part: inputs.Part) -> None:
    """Raise DataError where all replies of a part are approved, or none."""
    yes = sum(value == "yes" for value in part.rows[data.APPROVED])
    if not 0 < yes < len(part.truth):
        raise DataError(
            f"Of the {len(part.truth):,} replies of {part.name}, {yes:,} are approved: it needs both kinds.",
            "Add replies of the other kind, or give a file for this part.",
        )


def _contents(parts: Iterable[inputs.Part]) -> Iterator[str]:
    for part in parts:
        for text in part.rows[data.MESSAGES]:
            yield from (message.content for message in data.chat_of(text))
        for name in (data.CHOSEN, data.REJECTED) if paired(part.rows) else (data.REPLY,):
            yield from part.rows[name]


def replies_of(part: inputs.Part, prepare: Prepare) -> tuple[list[Chat], list[Standing]]:
    """Return two chats for each row, each with a reply as the model reads it, and their standings; see `Replies`."""
    asked = [data.chat_of(text) for text in part.rows[data.MESSAGES]]
    if paired(part.rows):
        first, second = part.rows[data.CHOSEN][:], part.rows[data.REJECTED][:]
        standings = [Standing.CHOSEN, Standing.REJECTED] * len(asked)
    else:
        first = part.rows[data.REPLY][:]
        second = [first[place] for place in _strays(part.rows["text"][:])]
        own = [Standing.CHOSEN if value == "yes" else Standing.REJECTED for value in part.rows[data.APPROVED]]
        standings = [each for standing in own for each in (standing, Standing.STRAY)]
    found: list[Chat] = [
        data.prepared_chat((*chat, Message(role="assistant", content=reply)), prepare)
        for chat, *replies in zip(asked, first, second, strict=True)
        for reply in replies
    ]
    return found, standings


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The chats of a part, each with the reply of its row; those at the places `wanted` are to be learned."""

    chats: list[Chat]
    wanted: list[int]


def asked(part: inputs.Part, prepare: Prepare) -> Asked:
    """Return the chats of a part, each with its chosen or its only reply."""
    chats, standings = replies_of(part, prepare)
    wanted = [place for place, standing in enumerate(standings[0::2]) if standing == Standing.CHOSEN]
    return Asked(chats=chats[0::2], wanted=wanted)


def _strays(asked: Sequence[str]) -> list[int]:
    """Return for each row the place of another one, with another question if there is one, whatever their order."""
    order = sorted(range(len(asked)), key=lambda place: (sha256(asked[place].encode()).digest(), place))
    found = [0] * len(asked)
    for at, row in enumerate(order):
        later = (order[(at + step) % len(order)] for step in range(1, len(order)))
        following = order[(at + 1) % len(order)]
        found[row] = next((other for other in later if asked[other] != asked[row]), following)
    return found


def tokenised(
    parts: Mapping[str, inputs.Part],
    preprocessing: models.ChatPreprocessing,
    prepare: Prepare,
    settings: Settings,
) -> tuple[dict[str, inputs.Part], dict[str, models.Replies], dict[str, TokenLengths], tuple[Finding, ...]]:
    """Return parts without the rows that were left out, their tokens, how long they are, and what to tell of it.

    Raises:
        DataError: for replies that are too long, or pairs that are alike to the model, where that is not allowed; a
            part of which no row is left.
    """
    limit, policy = preprocessing.max_tokens, settings.too_long
    kept: dict[str, inputs.Part] = {}
    examples: dict[str, models.Replies] = {}
    lengths: dict[str, TokenLengths] = {}
    long: list[str] = []
    alike: list[str] = []
    for name, part in parts.items():
        replies, standings = replies_of(part, prepare)
        fitted = [
            # A stray reply only measures how far the model has gone, and is cut where it is too long.
            models.fitted_reply(preprocessing, chat, "truncate" if standing == Standing.STRAY else policy)
            for chat, standing in zip(replies, standings, strict=True)
        ]
        own = [number for number, standing in enumerate(standings) if standing != Standing.STRAY]
        lengths[name] = models.lengths_of([fitted[number] for number in own], limit)
        sizes = {number: len(fitted[number].whole.ids) for number in own}
        long += [f"{part.ids[number // 2]} ({size:,} tokens)" for number, size in sizes.items() if size > limit]
        both = list(zip(fitted[0::2], fitted[1::2], strict=True))
        there = [place for place, (one, other) in enumerate(both) if one.rows and other.rows]
        same = {place for place in there if paired(part.rows) and both[place][0].rows == both[place][1].rows}
        alike += [part.ids[place] for place in sorted(same)]
        places = [place for place in there if place not in same]
        if not places and not (policy == "error" and long):
            raise DataError(
                f"No preference of {name} is left: all are longer than {limit:,} tokens, or alike to the model.",
                "Raise max_tokens (--max-tokens).",
            )
        kept[name] = chats.only(part, places)
        numbers = [number for place in places for number in (2 * place, 2 * place + 1)]
        rows = [fitted[number].rows[0] for number in numbers]
        examples[name] = models.Replies(
            rows,
            [standings[number] for number in numbers],
            [f"{part.ids[number // 2]}:{number % 2}" for number in numbers],
            [chats.fingerprint((row,)) for row in rows],
        )
    if long and policy == "error":
        raise chats.too_long(long, lengths, limit)
    if alike and settings.bad_rows == "error":
        raise DataError(
            f"The two replies of {len(alike):,} pairs are the same to the model: {', '.join(alike[:_SHOWN])}.",
            "They differ in what is prepared away, or behind the limit of tokens: mend them, raise max_tokens, or "
            "leave them out: bad_rows='drop' (--bad-rows drop).",
        )
    return kept, examples, lengths, (*chats.told_of_lengths(lengths, limit, policy), *_left_out(alike))


def _left_out(alike: Sequence[str]) -> tuple[Finding, ...]:
    if not alike:
        return ()
    message = f"{len(alike):,} pairs were left out: their two replies are the same to the model."
    return (Finding(code="replies-alike", message=message),)
