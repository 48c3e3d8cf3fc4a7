"""Questions with their answers, from pages in Markdown or HTML."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from acclimate.contracts import DataError
from bs4 import BeautifulSoup, Tag
from markdown_it import MarkdownIt

from acclimate_support.reading.conversations import objects, text_of
from acclimate_support.reading.markup import is_markup, plain, tidy

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_MARKDOWN = (".md", ".markdown")
_HTML = (".html", ".htm")
_LARGEST = 20_000_000


def faq_rows(source: str) -> Iterator[dict[str, str]]:
    """Yield `{id, question, answer, source}` of a page, or of all pages in Markdown and HTML of a folder.

    In Markdown a heading that ends with a question mark is a question, and so is any heading of the same level
    where at least one is; what stands below it, down to the next heading of its level or a higher one, is the
    answer. In HTML questions are those of schema.org's FAQPage where the page has one, else `details` with a
    `summary`, else `dt` with `dd`, else headings as in Markdown. Answers are plain text, one block on each line;
    questions without an answer are left out.

    Raises:
        DataError: there is no such source, a page cannot be read, or no question is left.
    """
    path, found = Path(source), False
    for page in _pages(path):
        for number, (question, answer) in enumerate(pairs(page), 1):
            found = True
            name = page.relative_to(path).as_posix() if path.is_dir() else page.name
            yield {"id": f"{name}:{number}", "question": question, "answer": answer, "source": name}
    if not found:
        raise DataError(
            f"{source} holds no question with an answer.",
            "A question is a heading (## How do I …?), a <summary>, a <dt>, or one of schema.org's FAQPage.",
        )


def pairs(page: Path) -> Iterator[tuple[str, str]]:
    """Yield the questions of one page with their answers."""
    if page.stat().st_size > _LARGEST:
        raise DataError(f"{page.name} has more than {_LARGEST:,} bytes.", "A page of questions is smaller; split it.")
    try:
        text = page.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{page.name} is not UTF-8 text.", "Save it as UTF-8.") from error
    if page.suffix.lower() in _MARKDOWN:
        # Rendered first: then one way to find headings and to read blocks serves both kinds of page.
        text = MarkdownIt("commonmark", {"html": True}).enable("table").render(_without_front_matter(text))
    soup = BeautifulSoup(text, "html.parser")
    for found in (_of_schema(soup), _of_microdata(soup), _of_details(soup), _of_terms(soup), _of_headings(soup)):
        kept = [(question, answer) for question, answer in found if question and answer]
        if kept:
            yield from kept
            return


def _pages(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.suffix.lower() in (*_MARKDOWN, *_HTML))
    if not path.is_file():
        raise DataError(f"There is no page {str(path)!r}.", "Name a .md or .html file, or a folder of such files.")
    if path.suffix.lower() not in (*_MARKDOWN, *_HTML):
        endings = ", ".join(_MARKDOWN + _HTML)
        raise DataError(f"{path.name} is neither Markdown nor HTML.", f"Its name ends with {endings}.")
    return [path]


def _of_schema(soup: BeautifulSoup) -> list[tuple[str, str]]:
    """Return the questions of schema.org's FAQPage in JSON-LD."""
    found = []
    for script in soup.find_all("script", type="application/ld+json"):
        try:
            value = json.loads(script.get_text())
        except (ValueError, RecursionError):
            continue  # other scripts of the page, or none, may hold the questions
        found += [
            (_plain(text_of(question, "name", "text")), _plain(text_of(answer, "text")))
            for question in _questions(value, depth=0)
            for answer in [_answer(question)]
        ]
    return found


def _questions(value: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from _questions(item, depth)
    elif isinstance(value, dict) and depth < 4:
        kinds = value.get("@type")
        if "Question" in (kinds if isinstance(kinds, list) else [kinds]):
            yield value
        else:
            yield from _questions(value.get("@graph"), depth + 1)
            yield from _questions(value.get("mainEntity"), depth + 1)


def _answer(question: Mapping[str, Any]) -> Mapping[str, Any]:
    answer = question.get("acceptedAnswer", question.get("suggestedAnswer"))
    return answer if isinstance(answer, dict) else next(objects(answer), {})


def _of_microdata(soup: BeautifulSoup) -> list[tuple[str, str]]:
    """Return the questions of schema.org that attributes of the page itself mark."""
    found = []
    for question in soup.select("[itemtype$='schema.org/Question']"):
        name, answer = question.select_one("[itemprop=name]"), question.select_one("[itemprop=text]")
        if name and answer:
            found.append((_one_line(_seen(name)), _seen(answer)))
    return found


def _of_details(soup: BeautifulSoup) -> list[tuple[str, str]]:
    found = []
    for details in soup.find_all("details"):
        summary = details.find("summary")
        if isinstance(summary, Tag):
            question = _one_line(_seen(summary))
            summary.extract()
            found.append((question, _seen(details)))
    return found


def _of_terms(soup: BeautifulSoup) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for tag in soup.find_all(("dt", "dd")):
        if tag.name == "dt":
            found.append((_one_line(_seen(tag)), ""))
        elif found:
            question, answer = found[-1]
            found[-1] = question, f"{answer}\n{_seen(tag)}".strip()
    return found


def _of_headings(soup: BeautifulSoup) -> list[tuple[str, str]]:
    headings = soup.find_all(_HEADINGS)
    asked = {tag.name for tag in headings if _one_line(_seen(tag)).endswith(("?", "？", "؟"))}
    found = []
    for tag in headings:
        if tag.name in asked:
            found.append((_one_line(_seen(tag)), _below(tag)))
    return found


def _below(heading: Tag) -> str:
    """Return what stands below a heading, up to the next one of its level or above."""
    ends = _HEADINGS[: _HEADINGS.index(heading.name) + 1]
    blocks = []
    for sibling in heading.next_siblings:
        if isinstance(sibling, Tag) and (sibling.name in ends or sibling.find(ends)):
            break
        blocks.append(str(sibling))
    return plain("".join(blocks), quotes=True)


def _seen(tag: Tag) -> str:
    return plain(tag.decode_contents(), quotes=True)


def _plain(text: str) -> str:
    return plain(text, quotes=True) if is_markup(text) else tidy(text)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _without_front_matter(text: str) -> str:
    if not text.startswith("---\n"):
        return text
    _, closed, rest = text[4:].partition("\n---\n")
    return rest if closed else text
