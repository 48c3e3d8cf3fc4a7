"""The tree of a document's clauses, with paths and titles."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from acclimate_legal.documents import Document
from acclimate_legal.hyphens import with_words_rejoined
from acclimate_legal.structure.clauses import Clause
from acclimate_legal.structure.growing import grow
from acclimate_legal.structure.lines import Forms, in_capitals, is_title
from acclimate_legal.structure.nodes import ARTICLES, Node

# Between clauses while words are rejoined, since the whole document knows how a word is spelt.
_BETWEEN = "\n\n\x1f\n\n"
_RUN_IN = re.compile(r"(?P<title>[^.:;]{2,100}?)(?:\.|:| [–—-])(?=\s)")
_SENTENCES = re.compile(r"[.:;]\s")
_LONGEST_PATH = 60
_MOST_WORDS = 10
_SHORT_TITLE = 8


def clause_tree(document: Document) -> tuple[Clause, ...]:
    """Return the clauses of a document: numbered ones by their numbers, others by headings and paragraphs.

    A number counts where it goes on from those before it, or begins a level: "5" at the begin of a line after "as
    set out in Section" does not. Text without a number belongs to the numbered clause before it; before the first
    one, and below headings without a number, each paragraph is a clause (¶1, ¶2, …). Schedules, exhibits and annexes
    begin anew. Entries of a table of contents are no clauses.

        >>> text = "1. Term. Two years.\\n2. Fees.\\n(a) Monthly.\\n(b) In euros.\\n"
        >>> from acclimate_legal.documents.document import printed
        >>> [clause.path for clause in clause_tree(printed("a.txt", text, (), flowing=True))[1].children]
        ['2(a)', '2(b)']
    """
    root, forms = grow(document)
    nodes = list(_below(root))
    plain = dict(zip(map(id, nodes), _plain([_own(node, forms) for node in nodes]), strict=True))
    paths = _paths(nodes, forms)
    made: dict[int, Clause] = {}
    for node in reversed(nodes):
        children = tuple(made[id(child)] for child in node.children)
        made[id(node)] = _clause(node, document, forms, paths[id(node)], plain[id(node)], children)
    return tuple(made[id(child)] for child in root.children)


def _below(root: Node) -> Iterator[Node]:
    """Yield all nodes but the root in the order of the document."""
    waiting = list(reversed(root.children))
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(node.children))


def _clause(
    node: Node, document: Document, forms: Forms, path: str, plain: str, children: tuple[Clause, ...]
) -> Clause:
    first = document.lines[node.lines[0] if node.lines else node.at]
    start = first.start
    end = document.lines[node.lines[-1]].end if node.lines else start
    return Clause(
        path=path,
        label=node.label,
        heading=_title(node, forms),
        page=first.page,
        start=start,
        end=end,
        whole_end=max([end, *(child.whole_end for child in children)]),
        text=document.text[start:end],
        plain=plain,
        children=children,
    )


def _own(node: Node, forms: Forms) -> str:
    """Return the lines of a node, a blank line between paragraphs."""
    pieces = []
    for count, place in enumerate(node.lines):
        if count:
            pieces.append("\n\n" if forms.begins(place) else "\n")
        pieces.append(forms.texts[place].replace("\x1f", " ").replace("\t", " "))
    return "".join(pieces)


def _plain(texts: Sequence[str]) -> list[str]:
    if not texts:
        return []
    whole = with_words_rejoined(_BETWEEN.join(texts))
    return [
        "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n") if paragraph.strip())
        for text in whole.split("\x1f")
    ]


def _title(node: Node, forms: Forms) -> str:
    """Return the title of a node: its first line where that is one, else the words before its first full stop."""
    if not node.lines:
        return ""
    if node.kind in ("heading", "appendix"):
        return " ".join(" ".join(forms.texts[place] for place in node.lines if forms.heading(place)).split()) or (
            " ".join(forms.texts[node.lines[0]].split())
        )
    if node.kind == "paragraph":
        return ""
    first = _without_label(node, forms.texts[node.lines[0]])
    alone = len(node.lines) == 1 or forms.begins(node.lines[1]) or forms.texts[node.lines[1]][:1].isupper()
    if alone and len(first.split()) <= _MOST_WORDS and _is_heading(first, forms, node):
        return first.rstrip(".:")
    found = _RUN_IN.match(first)
    if (
        found
        and len(found["title"].split()) <= _MOST_WORDS
        and (is_title(found["title"]) or in_capitals(found["title"]))
    ):
        return found["title"].strip()
    return ""


def _is_heading(text: str, forms: Forms, node: Node) -> bool:
    if not text:
        return False
    if forms.document.lines[node.lines[0]].heading or in_capitals(text):
        return not text.endswith((";", ","))
    if is_title(text):
        return not text.endswith((";", ",", ":")) and not _SENTENCES.search(text)
    # "Return of information", with its text in paragraphs of their own.
    stands_alone = len(node.lines) > 1 and forms.begins(node.lines[1])
    return stands_alone and text[0].isupper() and text[-1].isalnum() and len(text.split()) <= _SHORT_TITLE


def _without_label(node: Node, text: str) -> str:
    label = node.label
    rest = text[len(label) :] if label and text.startswith(label) else text
    return " ".join(rest.split()).lstrip("-–—. ")


def _paths(nodes: Sequence[Node], forms: Forms) -> dict[int, str]:
    """Return the path of each node, no two alike.

    Numbers that are used more than once are told apart by the heading or article that they are in.
    """
    own = {id(node): _own_path(node, forms) for node in nodes}
    repeated = _sections_that_repeat(nodes, own)
    found: dict[int, str] = {}
    used: set[str] = set()
    for node in nodes:
        assert node.parent is not None
        container = node.parent.container
        above = node.parent.section if id(node.parent.section) in repeated else container
        path = _below_path(node, found) if not own[id(node)] else own[id(node)]
        if own[id(node)] and id(above) in found and node.kind != "appendix":
            path = f"{found[id(above)]}, {path}"
        plain, count = path, 1
        while path in used:
            count += 1
            path = f"{plain} [{count}]"
        used.add(path)
        found[id(node)] = path
    return found


def _sections_that_repeat(nodes: Sequence[Node], own: Mapping[int, str]) -> frozenset[int]:
    """Return the headings and articles with a number in them that another one of the same appendix has as well."""
    places = [
        (id(node.parent.section), (id(node.parent.container), own[id(node)]))
        for node in nodes
        if node.parent and own[id(node)]
    ]
    counts = Counter(place for _, place in places)
    return frozenset(section for section, place in places if counts[place] > 1)


def _own_path(node: Node, forms: Forms) -> str:
    """Return the path of a node that is none of a list within another: "7.2", "Article IV"; "" for the others."""
    parent = node.parent
    assert parent is not None
    if node.kind == "appendix" or (node.kind == "number" and node.title):
        return node.title
    if node.kind == "heading":
        return _short(_title(node, forms).rstrip(":. "))
    if node.kind == "paragraph" or (
        parent.kind == "number" and parent.section is not parent and len(node.decimals) < 2
    ):
        return ""
    if len(node.decimals) > 1:
        return ".".join(map(str, node.decimals))
    assert node.step is not None
    if node.step.style in ARTICLES:
        return f"{node.step.style.capitalize()} {node.step.shown}"
    # An article is counted by itself, and "(a)" below it is not; its numbers are.
    return "" if parent.kind == "number" and not node.decimals else node.step.shown


def _below_path(node: Node, found: dict[int, str]) -> str:
    parent = node.parent
    assert parent is not None
    above = found.get(id(parent), "")
    if node.kind == "paragraph":
        count = sum(child.kind == "paragraph" for child in parent.children[: parent.children.index(node) + 1])
        return f"{above} ¶{count}".strip()
    assert node.step is not None
    return f"{above}{node.step.shown}" if node.step.shown.startswith("(") else f"{above}.{node.step.shown}"


def _short(title: str) -> str:
    return title if len(title) <= _LONGEST_PATH else title[: _LONGEST_PATH - 1].rstrip() + "…"
