"""How a chat is written as one text: by the tokenizer's own template, or by ours where it cannot be trained with."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from acclimate.contracts import BackboneError, Chat, Message

SYSTEM = "You are a helpful assistant."
_MARKED = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
_PLAIN = (
    "BEGIN{% for message in messages %}{{ message['role']|capitalize + ':\n' + message['content'] }}"
    "{% if message['role'] == 'assistant' %}{{ 'STOP' }}{% endif %}{{ '\n\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'Assistant:\n' }}{% endif %}"
)
_PROBE = (
    Message(role="system", content="Probe 1: be brief."),
    Message(role="user", content="Probe 2: is it open?"),
    Message(role="assistant", content="Probe 3: it is."),
    Message(role="user", content="Probe 4: and on Sunday?"),
    Message(role="assistant", content="Probe 5: it is not."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """How chats are written: a Jinja template, the token that ends an answer, and the system prompt of those without.

    `origin` is "tokenizer" for the tokenizer's own template, "acclimate" for ours.
    """

    text: str
    origin: str
    stop: str
    system: str

    def to_dict(self) -> dict[str, str]:
        """Return it as plain JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A chat as text: `answers` are the characters of each answer with the token that ends it, [start, end).

    The first `prefix` characters are the system prompt.
    """

    text: str
    answers: tuple[tuple[int, int], ...]
    prefix: int


class UntrainableError(Exception):
    """Why a template cannot be trained with."""


def choose_template(tokenizer: Any, system: str) -> tuple[Template, str]:
    """Return the template for a tokenizer, and why it is not the tokenizer's own, "" where it is.

    It is the tokenizer's own where each turn is written as it is and in its place, whatever follows; where the
    system prompt is written; and where an answer ends in a token of its own.

    Raises:
        BackboneError: when the tokenizer has no token that could end an answer.
    """
    system = system.strip() or SYSTEM
    own = tokenizer.chat_template
    if isinstance(own, Mapping):
        own = own.get("default")
    try:
        if not own:
            raise UntrainableError("the tokenizer has none")
        template = Template(text=own, origin="tokenizer", stop=_stop(tokenizer, own), system=system)
        render(tokenizer, template, _PROBE)
        return template, ""
    except UntrainableError as error:
        return _ours(tokenizer, system), str(error)


def render(tokenizer: Any, template: Template, chat: Chat) -> Rendered:
    """Return a chat, which begins with a system prompt, as text.

    Raises:
        UntrainableError: when the template writes a turn in another way than the turns before it were answered in.
    """
    text = _written(tokenizer, template.text, chat)
    answers = []
    for place, message in enumerate(chat):
        if message.role == "assistant":
            before = prompt(tokenizer, template, chat[:place])
            answers.append(_answer(text, before, message.content, template.stop))
    prefix = _written(tokenizer, template.text, chat[:1])
    if not text.startswith(prefix) or chat[0].content not in prefix:
        raise UntrainableError("it does not write the system prompt as the first turn by itself")
    return Rendered(text=text, answers=tuple(answers), prefix=len(prefix))


def prompt(tokenizer: Any, template: Template, chat: Chat) -> str:
    """Return the text that an answer to a chat goes on from."""
    return _written(tokenizer, template.text, chat, answering=True)


def _answer(text: str, before: str, content: str, stop: str) -> tuple[int, int]:
    """Return the characters of an answer that follows `before`, with the token that ends it."""
    if not text.startswith(before):
        raise UntrainableError("it writes a turn in another way once there is an answer")
    end = text.find(stop, len(before)) if stop not in content else -1
    if end < 0 or text[len(before) : end].strip() != content:
        raise UntrainableError("it does not write an answer as it is")
    return len(before), end + len(stop)


def _written(tokenizer: Any, template: str, chat: Chat, *, answering: bool = False) -> str:
    from jinja2 import TemplateError

    messages = [{"role": message.role, "content": message.content} for message in chat]
    try:
        found: str = tokenizer.apply_chat_template(
            messages, chat_template=template, tokenize=False, add_generation_prompt=answering
        )
    except TemplateError as error:
        raise UntrainableError(f"it refuses a system prompt before questions and answers: {error}") from error
    return found


def _stop(tokenizer: Any, template: str) -> str:
    """Return the token that ends an answer: the special one that follows it."""
    text, last = _written(tokenizer, template, _PROBE), _PROBE[-1].content
    start = text.rfind(last)
    if start < 0:
        raise UntrainableError("it does not write an answer as it is")
    following = text[start + len(last) :].lstrip()
    found = [token for token in special_tokens(tokenizer) if following.startswith(token)]
    if not found:
        raise UntrainableError("no token of its own ends an answer")
    return max(found, key=len)


def special_tokens(tokenizer: Any) -> Sequence[str]:
    """Return the tokens that stand for no text of their own, but for those of a single character."""
    added = tokenizer.added_tokens_decoder.values()
    return [token.content for token in added if token.special and len(token.content) > 1]


def _ours(tokenizer: Any, system: str) -> Template:
    special = special_tokens(tokenizer)
    if {"<|im_start|>", "<|im_end|>"} <= set(special):
        return Template(text=_MARKED, origin="acclimate", stop="<|im_end|>", system=system)
    stop = tokenizer.eos_token
    if stop not in special:
        raise BackboneError(
            f"The tokenizer has no token that could end an answer (its end of text is {stop!r}).",
            "Choose a language model whose tokenizer has one: a model tuned with it would never stop.",
        )
    begin = tokenizer.bos_token if _begins(tokenizer) else ""
    text = _PLAIN.replace("BEGIN", begin).replace("STOP", stop)
    return Template(text=text, origin="acclimate", stop=stop, system=system)


def _begins(tokenizer: Any) -> bool:
    """Tell whether the tokenizer puts a token before every text."""
    return tokenizer.bos_token_id is not None and tokenizer("a")["input_ids"][:1] == [tokenizer.bos_token_id]
