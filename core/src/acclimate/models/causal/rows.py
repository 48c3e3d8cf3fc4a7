"""A chat as a causal language model learns from it: token ids, and which of them it is to write itself."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisedRow:
    """One row in tokens.

    `supervised` says of each of `ids` whether it is learned: the words of the assistant and what ends its turn.
    `prefix` is how many of the first tokens are the system prompt that rows share.
    """

    ids: tuple[int, ...]
    supervised: tuple[bool, ...]
    prefix: int
