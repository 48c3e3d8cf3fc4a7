"""A saved run at work: answers to questions and chats, streamed where asked, and conversations that are kept."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from acclimate import data, models
from acclimate.api.saved_run import SavedRun
from acclimate.contracts import Answer, Chat, DataError, Message, OptionError
from acclimate.plugins import Host

AT_ONCE = 8
# A question, or a chat as messages or as they stand in JSON.
Asked = str | Chat | Sequence[Mapping[str, str]]


class ChatPredictor(SavedRun[models.LanguageModel, models.ChatPreprocessing]):
    """What `load` returns of a run that writes answers; `system` is the system prompt of chats that bring none."""

    def __init__(self, folder: Path, host: Host) -> None:
        super().__init__(folder, host, models.LanguageModel, models.ChatPreprocessing)

    @property
    def system(self) -> str:
        """The system prompt that training gave to chats without one, and answering does too."""
        return self.preprocessing.template.system

    def predict(
        self, items: Sequence[Asked], *, max_new_tokens: int | None = None, temperature: float = 0.0, seed: int = 0
    ) -> list[Answer]:
        """Return the answer to each question, or to each chat given as messages.

        At a `temperature` of 0 the likeliest token is taken each time; above it answers are drawn, as `seed` says.

        Raises:
            DataError: for an item that is empty, no chat, or too long to be answered.
            OptionError: for a limit or temperature out of range.
        """
        if isinstance(items, str):
            raise DataError("predict takes a list, found a single item.", "Write predict([item]).")
        writing = self.writing(max_new_tokens, temperature, seed)
        prompts = []
        for number, item in enumerate(items):
            try:
                prompts.append(self.prompt(item))
            except DataError as error:
                raise DataError(f"Item {number} cannot be answered: {error.message}", error.hint) from error
        return list(self.answers(prompts, writing))

    def answers(self, prompts: Sequence[Sequence[int]], writing: models.Writing) -> Iterator[Answer]:
        """Yield the answer to each prompt in tokens, in order; some are computed together."""
        for start in range(0, len(prompts), AT_ONCE):
            for written in models.write(self.model, prompts[start : start + AT_ONCE], writing):
                yield Answer(
                    text=self.preprocessing.text(written.ids).strip(),
                    stopped=written.stopped,
                    tokens=len(written.ids) + written.stopped,
                )

    def stream(
        self, asked: Asked, *, max_new_tokens: int | None = None, temperature: float = 0.0, seed: int = 0
    ) -> Iterator[str]:
        """Yield the answer to a question or chat in pieces, as it is written.

        Raises:
            AcclimateError: as `predict`, before the first piece.
        """
        writing, prompt = self.writing(max_new_tokens, temperature, seed), self.prompt(asked)
        return self._pieces(prompt, writing)

    def chat(self, system: str | None = None) -> "Conversation":
        """Return a conversation, which remembers what was said; `system` replaces the system prompt of the run."""
        return Conversation(self, system)

    def prompt(self, asked: Asked) -> list[int]:
        """Return the tokens that an answer goes on from.

        Raises:
            DataError: for what is empty, no chat, or too long to be answered.
        """
        messages = data.read_messages(_listed(asked), answered=False)
        prompt = self.preprocessing.prompt(data.prepared_chat(messages, self.prepare))
        models.check_room(self.model, len(prompt))
        return prompt

    def writing(self, max_new_tokens: int | None, temperature: float, seed: int) -> models.Writing:
        """Return how answers are written.

        Raises:
            OptionError: for a limit or temperature out of range.
        """
        limit = self.manifest["answers"]["max_new_tokens"] if max_new_tokens is None else max_new_tokens
        if limit < 1 or temperature < 0:
            raise OptionError(
                f"max_new_tokens is 1 or more and temperature 0 or more, found {limit} and {temperature}.",
                "Leave them out for the run's own.",
            )
        return models.Writing(limit=limit, stops=self.preprocessing.stops, temperature=temperature, seed=seed)

    def _pieces(self, prompt: Sequence[int], writing: models.Writing) -> Iterator[str]:
        ids: list[int] = []
        told = ""
        for token in models.stream_tokens(self.model, prompt, writing):
            if token in writing.stops:
                break
            ids.append(token)
            text = self.preprocessing.text(ids).lstrip()
            if not text.endswith("\ufffd"):  # a character whose last bytes are still to come
                yield text[len(told) :]
                told = text
        yield self.preprocessing.text(ids).lstrip()[len(told) :]


class Conversation:
    """A chat that goes on: `messages` are what was said so far."""

    def __init__(self, predictor: ChatPredictor, system: str | None = None) -> None:
        self.predictor = predictor
        text = predictor.system if system is None else system
        self.messages: tuple[Message, ...] = (Message(role="system", content=text),)

    def say(self, text: str, **options: Any) -> Answer:
        """Return the answer to what a user says next; options are those of `predict`.

        Raises:
            DataError: for an empty text, and a chat that has become too long to be answered.
        """
        asked = (*self.messages, Message(role="user", content=text))
        answer = self.predictor.predict([asked], **options)[0]
        self._answered(asked, answer.text)
        return answer

    def stream(self, text: str, **options: Any) -> Iterator[str]:
        """Yield the answer to what a user says next in pieces; it is remembered when the last one was taken.

        Raises:
            DataError: as `say`, before the first piece.
        """
        asked = (*self.messages, Message(role="user", content=text))
        return self._streamed(asked, self.predictor.stream(asked, **options))

    def _streamed(self, asked: Sequence[Message], pieces: Iterator[str]) -> Iterator[str]:
        said = ""
        for piece in pieces:
            said += piece
            yield piece
        self._answered(asked, said.strip())

    def _answered(self, asked: Sequence[Message], text: str) -> None:
        answer = (Message(role="assistant", content=text),) if text else ()
        self.messages = (*asked, *answer)


def load(folder: Path, host: Host) -> ChatPredictor:
    """Return a saved run that writes answers, ready to answer."""
    return ChatPredictor(folder, host)


def _listed(asked: Asked) -> Sequence[Any]:
    if isinstance(asked, str):
        return [Message(role="user", content=asked)]
    return [replace(each) if isinstance(each, Message) else each for each in asked]
