"""Chats as tokens: one function for training and for answering, which the run keeps."""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from acclimate.contracts import BundleError, Chat, DataError, Message
from acclimate.models.causal.rows import SupervisedRow
from acclimate.models.causal.template import (
    Template,
    UntrainableError,
    choose_template,
    prompt,
    render,
    special_tokens,
)
from acclimate.models.fingerprint import json_hash
from acclimate.models.text import TextPreprocessing

_FILE = "chat.json"


class ChatPreprocessing(TextPreprocessing):
    """A tokenizer with the template by which chats become text, and the length that training allows.

    Control tokens inside what people say are taken apart, so that they stay text. A chat without a system prompt has
    the template's: templates of pretrained models otherwise write their makers' in its place.
    """

    def __init__(self, tokenizer: Any, *, max_tokens: int, template: Template) -> None:
        super().__init__(tokenizer, max_tokens=max_tokens)
        self.template = template
        self._special = special_tokens(tokenizer)
        self._special_ids = set(tokenizer.convert_tokens_to_ids(list(self._special)))

    @classmethod
    def of(cls, plain: TextPreprocessing, system: str) -> tuple["ChatPreprocessing", str]:
        """Return it for a tokenizer, and why its own template is not used, "" where it is.

        Raises:
            BackboneError: when no token could end an answer.
        """
        template, reason = choose_template(plain.tokenizer, system)
        return cls(plain.tokenizer, max_tokens=plain.max_tokens, template=template), reason

    @classmethod
    def from_folder(cls, folder: Path, *, max_tokens: int) -> "ChatPreprocessing":
        """Load what `save` wrote.

        Raises:
            BundleError: when the template is missing or malformed.
        """
        try:
            template = Template(**json.loads((folder / _FILE).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise BundleError(
                f"{folder / _FILE} does not say how chats are written: {error}.", "Restore the run from a copy."
            ) from error
        return cls(
            TextPreprocessing.from_folder(folder, max_tokens=max_tokens).tokenizer,
            max_tokens=max_tokens,
            template=template,
        )

    def save(self, folder: Path) -> None:
        """Write the tokenizer's files and the template."""
        super().save(folder)
        text = json.dumps(self.template.to_dict(), indent=2, ensure_ascii=False)
        (folder / _FILE).write_text(text, encoding="utf-8")

    @cached_property
    def hash(self) -> str:
        """Name the tokenizer, the length and the template exactly."""
        return json_hash([super().hash, self.template.to_dict()])

    @cached_property
    def stops(self) -> tuple[int, ...]:
        """The tokens that end an answer: the template's first, and the tokenizer's end of text."""
        found = [self.tokenizer.convert_tokens_to_ids(self.template.stop), self.tokenizer.eos_token_id]
        return tuple(dict.fromkeys(number for number in found if number is not None))

    def row(self, chat: Chat) -> SupervisedRow:
        """Return a chat with its answers as training reads it, however long.

        Raises:
            DataError: when the template does not write it so that answers can be told from questions.
        """
        try:
            rendered = render(self.tokenizer, self.template, self._complete(chat))
        except UntrainableError as error:
            raise DataError(f"A chat cannot be written by its template: {error}.", "Leave it out.") from error
        encoded = self._encoded(rendered.text)
        supervised = [any(_inside(span, answer) for answer in rendered.answers) for span in encoded["offset_mapping"]]
        self._check(encoded, supervised, rendered.answers)
        prefix = sum(start >= 0 and end <= rendered.prefix for start, end in encoded["offset_mapping"])
        return SupervisedRow(ids=tuple(encoded["input_ids"]), supervised=tuple(supervised), prefix=prefix)

    def prompt(self, chat: Chat) -> list[int]:
        """Return the tokens that an answer to a chat goes on from: the first tokens of `row` of the answered chat."""
        ids: list[int] = self._encoded(prompt(self.tokenizer, self.template, self._complete(chat)))["input_ids"]
        return ids

    def text(self, ids: Sequence[int]) -> str:
        """Return what tokens say, without control tokens."""
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=True))

    def controls(self, chat: Chat) -> bool:
        """Tell whether somebody says a control token, which is taken apart."""
        return any(token in message.content for message in chat for token in self._special)

    def _complete(self, chat: Chat) -> tuple[Message, ...]:
        system = () if chat[0].role == "system" else (Message(role="system", content=self.template.system),)
        return tuple(
            replace(message, content=self._harmless(message.content.strip())) for message in (*system, *chat)
        )

    def _harmless(self, content: str) -> str:
        while any(token in content for token in self._special):
            for token in self._special:
                content = content.replace(token, f"{token[0]} {token[1:]}")
        return content

    def _encoded(self, text: str) -> Any:
        return self.tokenizer(
            text, add_special_tokens=False, return_offsets_mapping=True, return_attention_mask=False
        )

    def _check(self, encoded: Any, supervised: Sequence[bool], answers: Sequence[tuple[int, int]]) -> None:
        """Raise DataError where the mask does not hold what it must, whatever the tokenizer does."""
        spans, ids = encoded["offset_mapping"], encoded["input_ids"]
        for start, end in answers:
            if any(first < edge < last for first, last in spans for edge in (start, end)):
                raise DataError("A token reaches across the edge of an answer.", "Choose another backbone.")
            mine = [number for number, span in enumerate(spans) if _inside(span, (start, end))]
            if len(mine) < 2 or ids[mine[-1]] != self.stops[0]:
                raise DataError("An answer has no token to learn, or none that ends it.", "Choose another backbone.")
            if any(ids[number] in self._special_ids for number in mine[:-1]):
                raise DataError("An answer holds a control token.", "Leave it out.")
        if not any(supervised):
            raise DataError("A chat has nothing to learn.", "Leave it out.")


def _inside(span: tuple[int, int], whole: tuple[int, int]) -> bool:
    """Tell whether a token's characters are inside; white space that a tokenizer trims is where it ends."""
    return whole[0] <= span[0] and whole[0] < span[1] <= whole[1]
