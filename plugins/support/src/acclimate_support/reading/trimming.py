"""A message without the thread below it, the signature and the mail program's own lines; automatic replies."""

import re

from acclimate_support.reading.conversations import Role
from acclimate_support.reading.markup import LONGEST, is_markup, plain, tidy

# "On Monday, Ada wrote:" in some languages, on one line or broken into two.
_WROTE = re.compile(
    r"^\W{0,3}(?:On|Am|Le|El|Il|Op|Em|Den|W dniu)\b[^\n]{5,200}\n?[^\n]{0,120}?\b"
    r"(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef|escreveu|skrev|napisał\(?a?\)?)\b[^\n]{0,100}:\s*$",
    re.MULTILINE,
)
_DIVIDER = re.compile(
    r"^[ >]*(?:-{2,}|_{2,})[ ]*(?:original message|forwarded message|ursprüngliche nachricht"
    r"|weitergeleitete nachricht|message d'origine|message transféré|mensaje original|messaggio originale"
    r"|oorspronkelijk bericht)[ ]*[-_]{2,}[ ]*$"
    r"|^.{0,8}please type your reply above this line.{0,8}$|^_{8,}[ ]*$",
    re.MULTILINE | re.IGNORECASE,
)
_HEADERS = re.compile(
    r"^[ *>]*(?:From|Von|De|Da|Van)[ *]*: ?[^\n]{1,200}\n(?:[^\n]{0,200}\n){0,2}?"
    r"[ *>]*(?:Sent|Date|To|Gesendet|Datum|An|Envoyé|À|Enviado|Para|Inviato|A|Verzonden|Aan)[ *]*: ?[^\n]{1,200}$",
    re.MULTILINE,
)
_DEVICE = re.compile(
    r"^(?:sent from my \w+|sent from (?:mail|outlook|yahoo)\b|get outlook for|von meinem .{1,30} gesendet"
    r"|gesendet mit der|envoyé de mon|envoyé depuis|enviado desde|inviato da|verzonden vanaf"
    r"|diese nachricht wurde von)",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"^(?:(?:kind|best|warm|many)?\s*(?:regards|wishes)|(?:many\s+)?thanks(?: in advance)?|thank you|cheers|sincerely"
    r"|yours (?:sincerely|faithfully|truly)|all the best|mit (?:freundlichen|besten|lieben) grüßen"
    r"|(?:viele|liebe|beste) grüße|danke|cordialement|bien à vous|merci|un saludo|saludos|atentamente|gracias"
    r"|cordiali saluti|grazie|met vriendelijke groet(?:en)?)\b[^\w\n]{0,3}$",
    re.IGNORECASE,
)
_AUTOMATIC = re.compile(
    r"\A\W{0,5}(?:automatic reply|auto(?:matic)?[- ]?(?:reply|response)|automatische antwort|abwesenheitsnotiz"
    r"|réponse automatique|respuesta automática|risposta automatica|automatisch antwoord|out of (?:the )?office\b"
    r"|(?:i am|i'm) (?:currently |now )?(?:out of (?:the )?office|on (?:annual )?leave|on vacation)"
    r"|this is an automat(?:ed|ic)|do not reply to this|undeliverable|delivery status notification"
    r"|mail delivery failed"
    r"|(?:thank you for (?:contacting|reaching out to) us[.!]? )?your (?:request|ticket|message|enquiry|inquiry) "
    r"(?:\([^)]{1,20}\) )?(?:#\S{1,20} )?has been received"
    r"|ich bin (?:derzeit|momentan|zurzeit)? ?(?:nicht im büro|abwesend|im urlaub))",
    re.IGNORECASE,
)
_FROM_THE_END = 12  # a closing is among so many last lines
_SHORT_LINE = 60


def clean_message(text: str, role: Role = "user") -> str:
    """Return what was written in this message, as plain text.

    Gone are HTML, the thread that is quoted, signatures, and lines of mail programs ("Sent from my …"). Of an
    `assistant` the closing and the name after it stay: they are part of how a company sounds. A message of more than
    100,000 characters is cut there.
    """
    text = text[:LONGEST].replace("\r\n", "\n").replace("\r", "\n")
    seen = plain(text) or plain(text, quotes=True) if is_markup(text) else text
    return tidy(_unsigned(_unquoted(tidy(seen)), role))


def is_automatic(text: str, subject: str = "") -> bool:
    """Return whether a machine wrote a message: an absence note, a receipt, a mail that came back."""
    return _AUTOMATIC.match(text.strip()) is not None or _AUTOMATIC.match(subject.strip()) is not None


def _unquoted(text: str) -> str:
    """Return a text up to where another message begins; what stands below that where nothing does above."""
    starts = [found.start() for found in (_WROTE.search(text), _DIVIDER.search(text), _HEADERS.search(text)) if found]
    above = _own_lines(text[: min(starts)] if starts else text)
    if above.strip():
        return above
    below = _DIVIDER.sub("", _HEADERS.sub("", _WROTE.sub("", text)))
    return _own_lines(below)


def _own_lines(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if not line.lstrip().startswith(">"))


def _unsigned(text: str, role: Role) -> str:
    lines = text.rstrip().split("\n")
    for number, line in enumerate(lines):
        if number and re.fullmatch(r"-- ?|—|_{2,}", line.strip()):
            lines = lines[:number]
            break
    lines = [line for line in lines if not _DEVICE.match(line.strip())]
    while lines and not lines[-1].strip():
        lines.pop()
    for number in range(max(1, len(lines) - _FROM_THE_END), len(lines)):
        after = [line for line in lines[number + 1 :] if line.strip()]
        if _CLOSING.match(lines[number].strip()) and all(len(line) <= _SHORT_LINE for line in after):
            return "\n".join([*lines[:number], *([lines[number], *after[:1]] if role == "assistant" else [])])
    return "\n".join(lines)
