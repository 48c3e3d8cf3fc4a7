"""Pages of questions, in each way that they are written, give the same pairs."""

import json
from pathlib import Path

import pytest
from acclimate.contracts import DataError
from acclimate_support.reading.faq import faq_rows

PAIRS = [("How do I return an item?", "Within 30 days.\n\nSend it back."), ("Do you ship to Peru?", "Yes & no.")]


def marked(answer: str) -> str:
    return "".join(f"<p>{part}</p>" for part in answer.replace("&", "&amp;").split("\n\n"))


SCHEMA = {
    "@context": "https://schema.org",
    "@graph": [
        {
            "@type": "FAQPage",
            "mainEntity": [
                {
                    "@type": "Question",
                    "name": question,
                    "acceptedAnswer": {"@type": "Answer", "text": marked(answer)},
                }
                for question, answer in PAIRS
            ],
        }
    ],
}
MARKDOWN = """---
title: x
---
# Questions

## How do I return an item?

Within **30** days.

Send it [back](x).

## Do you ship to Peru?

Yes & no.
"""
QUESTION = "<div itemscope itemtype='https://schema.org/Question'><h3 itemprop=name>{}</h3>"
ANSWER = "<div itemprop=acceptedAnswer><div itemprop=text>{}</div></div></div>"
PAGES = {
    "a.md": MARKDOWN,
    "schema.html": f"<h2>Is it?</h2><p>No.</p><script type='application/ld+json'>{json.dumps(SCHEMA)}</script>",
    "micro.html": "".join(QUESTION.format(question) + ANSWER.format(marked(answer)) for question, answer in PAIRS),
    "details.html": "".join(f"<details><summary>{q}\n</summary>{marked(a)}</details>" for q, a in PAIRS),
    "terms.html": "<dl>" + "".join(f"<dt>{q}</dt><dd>{marked(a)}</dd>" for q, a in PAIRS) + "</dl>",
    "headings.html": "<h1>Help</h1>"
    + "".join(f"<h3>{question}</h3>{marked(answer)}<script>x</script>" for question, answer in PAIRS)
    + "<h2>More</h2><p>not this</p>",
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_gives_its_questions_with_their_answers(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(PAGES[name], encoding="utf-8")
    found = list(faq_rows(str(path)))
    assert [(" ".join(row["question"].split()), row["answer"]) for row in found] == PAIRS
    assert [row["id"] for row in found] == [f"{name}:1", f"{name}:2"]


def test_headings_of_the_level_of_a_question_are_questions_and_lists_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "faq.md"
    path.write_text(
        "# Help\n\n## Returns\n\n- free\n- quick\n\n### Where?\n\nIn `Lima`.\n\n## Refunds\n\n### When?\n\nSoon.\n"
    )
    found = [(row["question"], row["answer"]) for row in faq_rows(str(path))]
    assert found == [("Where?", "In Lima."), ("When?", "Soon.")]
    path.write_text("## Returns\n\n- free\n- quick\n\n## Refunds when?\n\nSoon.\n")
    assert [row["answer"].split() for row in faq_rows(str(path))] == [["free", "quick"], ["Soon."]]


def test_a_folder_is_read_page_by_page(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    for name in ("a.md", "shop/b.html", "notes.txt"):
        (tmp_path / name).write_text("<h2>Why?</h2><p>So.</p>" if name.endswith("html") else "## Why?\n\nSo.\n")
    assert [row["id"] for row in faq_rows(str(tmp_path))] == ["a.md:1", "shop/b.html:1"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.md", b"# Title\n\nNo question here.\n", "holds no question with an answer"),
        ("a.md", b"## Why?\n", "holds no question with an answer"),
        ("a.txt", b"## Why?\n", "neither Markdown nor HTML"),
        ("a.html", b"<h2>Why?</h2>\xff", "not UTF-8"),
        ("b.html", b"<script type='application/ld+json'>{</script>", "holds no question"),
    ],
)
def test_what_holds_no_question_says_so(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        list(faq_rows(str(tmp_path / name)))
    with pytest.raises(DataError, match="no page"):
        list(faq_rows(str(tmp_path / "c.md")))
