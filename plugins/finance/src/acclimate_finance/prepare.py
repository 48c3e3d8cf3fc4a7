"""Financial text without the dress of the wire and the web: every number, sign and negation stays."""

import html
import re
import unicodedata

from acclimate.contracts import OptionError

NUMBERS = ("keep", "num", "shape")
TICKERS = ("keep", "mask")

_INVISIBLE = re.compile("[\u00ad\u200b\u200c\u200d\u2060\ufe0f\ufeff]")
_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_USER = re.compile(r"(?<![\w@])@\w{1,30}")
# Minus signs and dashes right before a number; between two numbers they say "to".
_MINUS = re.compile(r"(?<![\w.,%)])[\u2212\u2010\u2011\u2013\ufe63\uff0d](?=[$€£¥]?\.?\d)")
_WIRE = re.compile(
    # "UPDATE 1-", "RPT-", "BRIEF-", "REFILE-UPDATE 2-" of Reuters; "LONDON, Jan 5 (Reuters) - "
    r"^(?:(?:UPDATE \d{1,2}|RPT|REFILE|CORRECTED|BRIEF|WRAPUP \d{1,2}|EXCLUSIVE)\s?-\s?)+"
    r"|^(?:[A-Z][A-Za-z ./]{1,40}, [A-Z][a-z]{2,8}\.? \d{1,2} )?\((?:Reuters|AP|AFP|Bloomberg)\) ?[-–—]+ "
    r"|^RT @\w{1,30}: ?"
)
_SOURCE = re.compile(r"\s+(?:[-–—|]+)\s+(?:Reuters|Bloomberg|AP|AFP|CNBC|WSJ|MarketWatch|Dow Jones)\.?$")
_NUMBER = re.compile(r"(?<![\w.,])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\d])|(?<![\w.])\.\d+")
_CASHTAG = re.compile(r"(?<![\w$])\$[A-Za-z]{1,6}(?:[.-][A-Za-z]{1,2})?(?![\w$])")


def normalise(text: str, numbers: str = "keep", tickers: str = "keep") -> str:
    """Return the text on one line, without what the wire and the web put around it.

    Entities of HTML become characters, full-width digits and exotic spaces plain ones (Unicode NFKC), and any minus
    sign before a number "-". Web addresses become "[url]", names of users "[user]". Marks of a wire ("UPDATE 2-",
    "(Reuters) -", "RT @who:") go, as does the source at the end ("- Reuters"). Signs, brackets, currencies, per cent,
    capitals and all words stay.

    `numbers` is "keep", "num" (each becomes "[num]"; its sign stays) or "shape" ("1,234.5" becomes "[0,000.0]", after
    FiNER: Loukas et al., ACL 2022). `tickers` is "keep" or "mask", which turns "$TSLA" into "[tick]", so that no
    company is learned as good or bad.

        >>> normalise("UPDATE 1-$ACME Q2 loss narrows to \u2212$1.2 mln https://t.co/x")
        '$ACME Q2 loss narrows to -$1.2 mln [url]'

    Raises:
        OptionError: for another value of `numbers` or `tickers`.
    """
    for name, value, known in (("numbers", numbers, NUMBERS), ("tickers", tickers, TICKERS)):
        if value not in known:
            raise OptionError(
                f"{name} is {', '.join(known)}, found {value!r}.", f"Such as preparing={{{name!r}: {known[-1]!r}}}."
            )
    text = _INVISIBLE.sub("", html.unescape(text))
    text = unicodedata.normalize("NFKC", _MINUS.sub("-", text))
    text = _MINUS.sub("-", " ".join(text.split()))
    while (bare := _SOURCE.sub("", _WIRE.sub("", text))) != text:  # a retweet of an update has two marks
        text = bare
    text = _USER.sub("[user]", _URL.sub("[url]", text))
    if tickers == "mask":
        text = _CASHTAG.sub("[tick]", text)
    if numbers != "keep":
        text = _NUMBER.sub("[num]" if numbers == "num" else _shape, text)
    return " ".join(text.split())


def _shape(found: re.Match[str]) -> str:
    return f"[{re.sub(r'[0-9]', '0', found[0])}]"
