"""Chats read, dealt to parts, and turned into tokens, with what is lost of those that are too long."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from acclimate import data, models
from acclimate.api import dealing, inputs
from acclimate.api.request import Request
from acclimate.contracts import Chat, Columns, DataError, Finding, Preset, Settings, TokenLengths
from acclimate.plugins import Host

if TYPE_CHECKING:
    import datasets

Load = Callable[..., tuple["datasets.Dataset", tuple[Finding, ...]]]
_SHOWN = 10
LABELS = ("chat",)  # all rows are of one kind


def deal(host: Host, request: Request, folder: Path) -> tuple[dict[str, "datasets.Dataset"], dealing.Dealt]:
    """Return the tables of a request, and their chats dealt to parts.

    Raises:
        DataError: rows that cannot be used or split, or leak.
    """
    return deal_loaded(host, request, folder, load=data.load_chats, labels=LABELS, contents=_contents)


def deal_loaded(
    host: Host,
    request: Request,
    folder: Path,
    *,
    load: Load,
    labels: tuple[str, ...],
    contents: Callable[[Iterable[inputs.Part]], Iterator[str]],
) -> tuple[dict[str, "datasets.Dataset"], dealing.Dealt]:
    """Do as `deal` does with rows that `load` reads, all of the one label; `contents` yields what is said in them."""
    sources = {"train": request.source, "validation": request.validation, "test": request.test}
    tables: dict[str, datasets.Dataset] = {}
    told: list[Finding] = []
    for part, source in sources.items():
        if source is not None:
            tables[part], findings = read(
                host,
                request.owner,
                request.preset,
                source,
                request.columns,
                request.settings,
                folder / part,
                part=part,
                load=load,
            )
            told += findings
    dealt = dealing.deal(
        tables,
        request.preset,
        seed=request.settings.seed,
        max_rows=request.settings.max_rows,
        prepare=host.load(request.preset),
        allow_leakage=request.settings.allow_leakage,
        labels=labels,
    )
    told += inputs.audited(host, request.preset, contents(dealt.parts.values()))
    return tables, replace(dealt, labels=(), findings=(*told, *dealt.findings))


def _contents(parts: Iterable[inputs.Part]) -> Iterator[str]:
    """Yield what is said in the chats, as the source has it."""
    for part in parts:
        for text in part.rows[data.MESSAGES]:
            yield from (message.content for message in data.chat_of(text))


def read(
    host: Host,
    owner: str,
    preset: Preset,
    source: str,
    columns: Columns,
    settings: Settings,
    folder: Path,
    *,
    part: str,
    saved: Mapping[str, Any] | None = None,
    load: Load = data.load_chats,
) -> tuple["datasets.Dataset", tuple[Finding, ...]]:
    """Return the chats of a source, or what else `load` reads, and what to tell of those that were left out."""
    return load(
        source,
        read=inputs.reader(host, owner, preset, source, settings.reading, saved or {}),
        columns=columns,
        cache=folder,
        part=part,
        drop=settings.bad_rows == "drop",
        usual_group=preset.group,
        usual_times=preset.times,
        keep=(*preset.split.stratify, *preset.slices),
    )


def chats_of(part: inputs.Part, prepare: Callable[[Any], Any] | None) -> list[Chat]:
    """Return the chats of a part as the model reads them."""
    return [data.prepared_chat(data.chat_of(text), prepare) for text in part.rows[data.MESSAGES]]


def tokenised(
    parts: Mapping[str, inputs.Part],
    preprocessing: models.ChatPreprocessing,
    prepare: Callable[[Any], Any] | None,
    settings: Settings,
) -> tuple[dict[str, inputs.Part], dict[str, models.ChatExamples], dict[str, TokenLengths], tuple[Finding, ...]]:
    """Return parts without the chats that were dropped, their tokens, how long they are, and what to tell of it.

    Raises:
        DataError: for chats that are too long, where that is not allowed; a part of which none is left.
    """
    limit, policy = preprocessing.max_tokens, settings.too_long
    kept: dict[str, inputs.Part] = {}
    examples: dict[str, models.ChatExamples] = {}
    lengths: dict[str, TokenLengths] = {}
    long: list[str] = []
    taken_apart = 0
    for name, part in parts.items():
        chats = chats_of(part, prepare)
        fitted = [_fitted(preprocessing, chat, policy, id) for chat, id in zip(chats, part.ids, strict=True)]
        taken_apart += sum(map(preprocessing.controls, chats))
        lengths[name] = models.lengths_of(fitted, limit)
        long += [
            f"{id} ({len(chat.whole.ids):,} tokens)"
            for id, chat in zip(part.ids, fitted, strict=True)
            if len(chat.whole.ids) > limit
        ]
        places = [place for place, chat in enumerate(fitted) if chat.rows]
        if not places and not (policy == "error" and long):
            raise DataError(
                f"No chat of {name} is left: all are longer than {limit:,} tokens.",
                "Raise max_tokens (--max-tokens).",
            )
        kept[name] = only(part, places)
        rows = [fitted[place].rows for place in places]
        examples[name] = models.ChatExamples(rows, kept[name].ids, [fingerprint(row) for row in rows])
    if long and policy == "error":
        raise too_long(long, lengths, limit)
    return kept, examples, lengths, (*told_of_lengths(lengths, limit, policy), *_controls(taken_apart))


def _fitted(preprocessing: models.ChatPreprocessing, chat: Chat, policy: str, id: str) -> models.FittedChat:
    try:
        return models.fitted(preprocessing, chat, policy)
    except DataError as error:
        error.add_note(f"It is the chat {id!r}.")
        raise


def only(part: inputs.Part, places: Sequence[int]) -> inputs.Part:
    """Return a part with some of its rows."""
    if len(places) == len(part.truth):
        return part
    return replace(
        part,
        rows=part.rows.select(places),
        truth=part.truth[places],
        groups=None if part.groups is None else [part.groups[place] for place in places],
        together=None if part.together is None else part.together[list(places)],
    )


def fingerprint(rows: Sequence[models.SupervisedRow]) -> str:
    """Return a hash of tokens and of which are learned."""
    digest = sha256()
    for row in rows:
        digest.update(np.asarray(row.ids, dtype=np.int64).tobytes())
        digest.update(np.asarray(row.supervised, dtype=np.bool_).tobytes())
    return digest.hexdigest()


def too_long(long: Sequence[str], lengths: Mapping[str, TokenLengths], limit: int) -> DataError:
    """Return the error that names chats that are too long, each with its length."""
    rows = sum(each.rows for each in lengths.values())
    longest = max(each.maximum for each in lengths.values())
    rest = f" and {len(long) - _SHOWN:,} more" if len(long) > _SHOWN else ""
    return DataError(
        f"{len(long):,} of {rows:,} chats are longer than {limit:,} tokens: {', '.join(long[:_SHOWN])}{rest}.\n"
        f"{length_table(lengths)}\n",
        f"Raise max_tokens (--max-tokens {longest}), or say what becomes of them: too_long='truncate', 'drop' or "
        "'split' (--too-long).",
    )


def length_table(lengths: Mapping[str, TokenLengths]) -> str:
    """Return the lengths of all parts as lines for people."""
    lines = [
        f"  {name}: {each.rows:,} chats of p50 {each.p50:,}, p95 {each.p95:,}, at most {each.maximum:,} tokens"
        + (f"; {each.too_long:,} too long" if each.too_long else "")
        for name, each in lengths.items()
    ]
    return "\n".join(lines)


def told_of_lengths(lengths: Mapping[str, TokenLengths], limit: int, policy: str) -> tuple[Finding, ...]:
    """Say what became of chats that are too long."""
    every = list(lengths.values())
    long = sum(each.too_long for each in every)
    if not long:
        return ()
    done = {"truncate": "were cut there", "drop": "were left out", "split": "were parted between turns"}[policy]
    tokens, lost = sum(each.tokens for each in every), sum(each.tokens_lost for each in every)
    answers, gone = sum(each.answers for each in every), sum(each.answers_lost for each in every)
    message = (
        f"{long:,} of {sum(each.rows for each in every):,} chats are longer than {limit:,} tokens and {done}: "
        f"{lost:,} of {tokens:,} tokens ({lost / tokens:.0%}) and {gone:,} of {answers:,} answers are lost or cut"
    )
    dropped = sum(each.dropped for each in every)
    if dropped and policy != "drop":
        message += f"; {dropped:,} chats have no answer within the limit and were left out"
    return (Finding(code="chats-too-long", message=f"{message}. Raise max_tokens to keep more."),)


def _controls(count: int) -> tuple[Finding, ...]:
    if not count:
        return ()
    message = (
        f"{count:,} chats hold control tokens of the model in what is said; they were taken apart and stay text."
    )
    return (Finding(code="control-tokens", message=message),)
