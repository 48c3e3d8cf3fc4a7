"""Messages without what tells whom they are of, and how many values of each kind that took."""

from collections import Counter
from collections.abc import Iterable, Iterator

from acclimate.contracts import Finding, OptionError, did_you_mean

from acclimate_support.privacy import KINDS, Redacted, Redactor, placeholders

PII = ("redact", "keep")


def redact(text: str, pii: str = "redact", orders: str = "", phones: str = "") -> str:
    """Return a message as it stands, lines and all, with the placeholders of `clean`.

    Raises:
        OptionError: for an option that cannot work.
    """
    return text if pii == "keep" else _redacted(text, pii, orders, phones).text


def clean(text: str, pii: str = "redact", orders: str = "", phones: str = "") -> str:
    """Return a message on one line, with placeholders in place of what tells whom it is of.

    E-mail and IP addresses, phone, card and bank account numbers become "<EMAIL_1>" and the like, the same for the
    same value all through the message. `orders` is a regular expression of order numbers, which become "<ORDER_1>";
    `phones` the country whose national phone numbers are found ("DE"), besides international ones and those that a
    word introduces. With `pii` "keep" everything stays.

        >>> clean("My card 4111 1111 1111 1111 was charged $20, write to ada@example.org")
        'My card <CARD_1> was charged $20, write to <EMAIL_1>'

    Raises:
        OptionError: for an option that cannot work.
    """
    return " ".join(redact(text, pii, orders, phones).split())


def audit(texts: Iterable[str], pii: str = "redact", orders: str = "", phones: str = "") -> Iterator[Finding]:
    """Yield one finding: how many values of each kind `clean` replaces in texts; never the values themselves."""
    if pii == "keep":
        message = "pii is 'keep': addresses and numbers that tell of a person are part of the model and the report."
        yield Finding(code="pii", message=message)
        return
    counts: Counter[str] = Counter()
    rows = changed = 0
    for text in texts:
        found = placeholders(_redacted(text, pii, orders, phones).text)  # a reader may have put some there
        counts.update(found)
        rows += 1
        changed += bool(found)
    told = ", ".join(f"{kind} {counts[kind]:,}" for kind in KINDS if counts[kind]) or "none"
    yield Finding(
        code="pii",
        level="note",
        message=f"Values replaced by placeholders: {told}; in {changed:,} of {rows:,} messages. Names in plain text "
        "and street addresses are not found.",
        details={"rows": rows, "changed": changed, **{kind: counts[kind] for kind in KINDS}},
    )


def _redacted(text: str, pii: str, orders: str, phones: str) -> Redacted:
    if pii not in PII:
        raise OptionError(f"pii is {' or '.join(PII)}, found {pii!r}.", did_you_mean(str(pii), PII))
    return Redactor(orders=str(orders), region=str(phones)).redact(text)
