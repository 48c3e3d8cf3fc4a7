"""The Items of annual and quarterly reports: their parts, titles, usual sizes, and since when each is asked for.

After the SEC's Forms 10-K and 10-Q (their Items as of 2024), and what the Items were called before.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

ALWAYS, NEVER = "", "9999"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An Item of a form.

    `key` is its number, with the part before it where numbers come twice ("II-1A"). `words` are what its title begins
    with, under any name it has had. A report for a period that ends on the day `since` or later must have it. A text
    of fewer characters than `least` must say why it is so short; one of more than `most` (0: no bound) has swallowed
    another.
    """

    key: str
    part: str
    title: str
    words: str
    since: str = ALWAYS
    least: int = 0
    most: int = 0

    @property
    def number(self) -> str:
        """The number as the heading has it."""
        return self.key.rpartition("-")[2]

    def is_titled(self, text: str) -> bool:
        """Return whether a text begins with the title of the Item, give or take a few words before it."""
        return re.match(rf"\W*(?:\w+\W+){{0,3}}?(?:{self.words})", text, re.IGNORECASE) is not None


_RESERVED = r"\(?\[?(?:removed|reserved|omitted)"
_CHANGES = r"changes in (?:and disagreements|accountants|registrant)|disagreements"

ANNUAL = (
    Item(key="1", part="I", title="Business", words="(?:description of )?business", least=2_000),
    Item(key="1A", part="I", title="Risk Factors", words="risk factors", since="2005-12-01", least=2_000),
    Item(key="1B", part="I", title="Unresolved Staff Comments", words="unresolved", since="2005-12-01", most=20_000),
    Item(key="1C", part="I", title="Cybersecurity", words="cyber", since="2023-12-15", most=60_000),
    Item(key="2", part="I", title="Properties", words="(?:description of )?propert"),
    Item(key="3", part="I", title="Legal Proceedings", words="legal"),
    Item(
        key="4",
        part="I",
        title="Mine Safety Disclosures",
        words=rf"mine safety|submission of matters|{_RESERVED}",
        most=20_000,
    ),
    Item(key="5", part="II", title="Market for Common Equity", words="market for|market price"),
    Item(
        key="6", part="II", title="Selected Financial Data", words=rf"selected|{_RESERVED}", since=NEVER, most=60_000
    ),
    Item(
        key="7",
        part="II",
        title="Management's Discussion and Analysis",
        words="management.?s discussion",
        least=2_000,
    ),
    Item(key="7A", part="II", title="Market Risk", words="quantitative", since=NEVER),
    Item(
        key="8", part="II", title="Financial Statements", words="(?:consolidated )?financial statements", least=2_000
    ),
    Item(key="9", part="II", title="Disagreements with Accountants", words=_CHANGES, most=20_000),
    Item(key="9A", part="II", title="Controls and Procedures", words="controls", since="2004-12-01"),
    Item(key="9B", part="II", title="Other Information", words="other", since="2005-12-01", most=20_000),
    Item(
        key="9C",
        part="II",
        title="Foreign Jurisdictions that Prevent Inspections",
        words="disclosures? regarding",
        since=NEVER,
        most=10_000,
    ),
    Item(key="10", part="III", title="Directors and Corporate Governance", words="directors"),
    Item(key="11", part="III", title="Executive Compensation", words="executive"),
    Item(key="12", part="III", title="Security Ownership", words="security ownership"),
    Item(key="13", part="III", title="Certain Relationships", words="certain relationships"),
    Item(
        key="14",
        part="III",
        title="Principal Accountant Fees",
        words="principal account|controls|exhibits",
        most=60_000,
    ),
    Item(
        key="15",
        part="IV",
        title="Exhibits",
        words="exhibit|principal account|financial statement",
        since="2004-12-01",
    ),
    Item(key="16", part="IV", title="Form 10-K Summary", words=rf"form|summary|{_RESERVED}", since=NEVER, most=5_000),
)
QUARTERLY = (
    Item(key="I-1", part="I", title="Financial Statements", words="(?:\\w+ )?(?:consolidated )?financial statements"),
    Item(
        key="I-2",
        part="I",
        title="Management's Discussion and Analysis",
        words="management.?s discussion",
        least=1_000,
    ),
    Item(key="I-3", part="I", title="Market Risk", words="quantitative", since=NEVER),
    Item(key="I-4", part="I", title="Controls and Procedures", words="controls", since="2003-09-01", most=30_000),
    Item(key="II-1", part="II", title="Legal Proceedings", words="legal", since=NEVER),
    Item(key="II-1A", part="II", title="Risk Factors", words="risk factors", since=NEVER),
    Item(
        key="II-2",
        part="II",
        title="Unregistered Sales of Equity Securities",
        words="unregistered|changes in securities|purchases|issuer purchases",
        since=NEVER,
        most=30_000,
    ),
    Item(key="II-3", part="II", title="Defaults", words="defaults", since=NEVER, most=20_000),
    Item(
        key="II-4",
        part="II",
        title="Mine Safety Disclosures",
        words=rf"mine safety|submission of matters|{_RESERVED}",
        since=NEVER,
        most=20_000,
    ),
    Item(key="II-5", part="II", title="Other Information", words="other", since=NEVER, most=30_000),
    Item(key="II-6", part="II", title="Exhibits", words="exhibit"),
)
FORMS: Mapping[str, tuple[Item, ...]] = {"10-K": ANNUAL, "10-Q": QUARTERLY}
