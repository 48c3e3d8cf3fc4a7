"""Reports to the SEC, written here: an annual and a quarterly one, as modern filers set them."""

from collections.abc import Mapping, Sequence

ANNUAL = {
    "1": ("I", "Business"),
    "1A": ("I", "Risk Factors"),
    "1B": ("I", "Unresolved Staff Comments"),
    "1C": ("I", "Cybersecurity"),
    "2": ("I", "Properties"),
    "3": ("I", "Legal Proceedings"),
    "4": ("I", "Mine Safety Disclosures"),
    "5": ("II", "Market for Registrant’s Common Equity, Related Stockholder Matters"),
    "6": ("II", "[Reserved]"),
    "7": ("II", "Management’s Discussion and Analysis of Financial Condition and Results of Operations"),
    "7A": ("II", "Quantitative and Qualitative Disclosures About Market Risk"),
    "8": ("II", "Financial Statements and Supplementary Data"),
    "9": ("II", "Changes in and Disagreements with Accountants on Accounting and Financial Disclosure"),
    "9A": ("II", "Controls and Procedures"),
    "9B": ("II", "Other Information"),
    "9C": ("II", "Disclosure Regarding Foreign Jurisdictions that Prevent Inspections"),
    "10": ("III", "Directors, Executive Officers and Corporate Governance"),
    "11": ("III", "Executive Compensation"),
    "12": ("III", "Security Ownership of Certain Beneficial Owners and Management"),
    "13": ("III", "Certain Relationships and Related Transactions"),
    "14": ("III", "Principal Accountant Fees and Services"),
    "15": ("IV", "Exhibits and Financial Statement Schedules"),
    "16": ("IV", "Form 10-K Summary"),
}
QUARTERLY = {
    "I-1": ("I", "Financial Statements"),
    "I-2": ("I", "Management’s Discussion and Analysis of Financial Condition"),
    "I-3": ("I", "Quantitative and Qualitative Disclosures About Market Risk"),
    "I-4": ("I", "Controls and Procedures"),
    "II-1": ("II", "Legal Proceedings"),
    "II-1A": ("II", "Risk Factors"),
    "II-2": ("II", "Unregistered Sales of Equity Securities and Use of Proceeds"),
    "II-6": ("II", "Exhibits"),
}
BOLD = "font-size:10pt;font-weight:700"


def body(key: str) -> str:
    """Return text that only this Item has, long enough for any."""
    return " ".join(f"What Item {key} alone says, in sentence {number}, is this." for number in range(60))


def heading(number: str, title: str) -> str:
    return f'<div><span style="{BOLD}">Item {number}.&#160;&#160;&#160;&#160;{title}</span></div>'


def contents(items: Mapping[str, tuple[str, str]]) -> str:
    """Return a table of contents of links, as a table with page numbers."""
    rows = "".join(
        f'<tr><td><a href="#i{key}">Item {key.rpartition("-")[2]}.</a></td><td><a href="#i{key}">{title}</a></td>'
        f"<td>{page}</td></tr>"
        for page, (key, (_, title)) in enumerate(items.items(), 3)
    )
    return f"<div>TABLE OF CONTENTS</div><table>{rows}</table>"


def plain_contents(items: Mapping[str, tuple[str, str]]) -> str:
    """Return a table of contents in paragraphs, without links."""
    return "".join(
        f"<p>Item {key.rpartition('-')[2]}. {title} ..... {page}</p>"
        for page, (key, (_, title)) in enumerate(items.items(), 3)
    )


def cover(form: str, ended: str) -> str:
    kind = "fiscal year" if form == "10-K" else "quarterly period"
    other = "10-Q" if form == "10-K" else "10-K"
    return (
        f"<div>FORM {form}</div><div>For the {kind} ended {ended}</div>"
        f"<div>Read this with our reports on Form {other} and other reports.</div>"
    )


def report(
    items: Mapping[str, tuple[str, str]],
    *,
    form: str = "10-K",
    ended: str = "December 31, 2023",
    toc: str | None = None,
    bodies: Mapping[str, str] | None = None,
    headings: Mapping[str, str] | None = None,
    without: Sequence[str] = (),
    end: str = "<div>SIGNATURES</div><p>Signed by Jane Doe.</p>",
) -> str:
    """Return a report as a page; `bodies` and `headings` take the place of what an Item would have."""
    parts, part = [cover(form, ended), contents(items) if toc is None else toc], ""
    for key, (own, title) in items.items():
        if key in without:
            continue
        if own != part:
            part = own
            parts.append(f'<div><span style="{BOLD}">PART {part}</span></div>')
        parts.append((headings or {}).get(key) or heading(key.rpartition("-")[2], title))
        parts.append((bodies or {}).get(key) or f"<p>{body(key)}</p>")
    return f"<html><head><title>x</title></head><body>{''.join(parts)}{end}</body></html>"
