"""How long a contract of 100 pages takes from a PDF to its clauses, and how much memory.

Every page is written anew from the words of a licence text, so that no page is like another; clauses are numbered to
three levels, and each page has a header and a footer. The figures are those of one process with one thread.

    uv run benchmarks/contract_pdf.py [--pages 100] [--repeats 3]
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import recording

LINES = 44
WIDTH = 88
SCRIPT = """
import json, resource, sys, time
started = time.perf_counter(), time.process_time()
from acclimate_legal.documents import read_document
from acclimate_legal.structure import clause_tree, walk
document = read_document(sys.argv[1], pdf=sys.argv[2])
clauses = list(walk(clause_tree(document)))
wall, processor = time.perf_counter() - started[0], time.process_time() - started[1]
print(json.dumps({
    "wall_seconds": wall,
    "processor_seconds": processor,
    "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    "pages": document.pages,
    "characters": len(document.text),
    "paths": [clause.path for clause, _ in clauses],
    "exact": all(document.text[clause.start : clause.end] == clause.text for clause, _ in clauses),
}))
"""


def main() -> None:
    """Write the contract, read it in fresh processes, and record what that took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "contract.pdf"
        paths = write_contract(path, arguments.pages)
        short = Path(folder) / "short.pdf"
        write_contract(short, 1)
        runs = [measured(path, "auto") for _ in range(arguments.repeats)]
        layout = measured(path, "layout")
        base = measured(short, "auto")
    for run in (*runs, layout):
        assert run["pages"] == arguments.pages
        assert run["exact"]
    found = sum(run.pop("paths") == paths for run in runs)
    layout_paths = layout.pop("paths") == paths
    base.pop("paths")
    recording.record(
        "contract_pdf",
        title=f"A PDF contract of {arguments.pages} pages, to its clauses",
        claim=f"{len(paths):,} numbered clauses on {arguments.pages} pages of {LINES} lines with header and footer, "
        f"{runs[0]['characters']:,} characters; one process with one thread, start and imports included. All paths "
        f"were as they were written in {found} of {len(runs)} runs by pypdf, and "
        f"{'all' if layout_paths else 'not all'} by pdfplumber. The least of {len(runs)} runs; asked: under 10 s.",
        header=["what", "processor seconds", "wall seconds", "peak memory"],
        rows=[
            _row(f"{arguments.pages} pages, pypdf", min(runs, key=lambda run: run["processor_seconds"])),
            _row(f"{arguments.pages} pages, pdfplumber (--read pdf=layout)", layout),
            _row("1 page, pypdf", base),
        ],
        raw={"runs": runs, "layout": layout, "one_page": base},
    )


def _row(what: str, run: dict[str, float]) -> list[str]:
    return [
        what,
        f"{run['processor_seconds']:.1f}",
        f"{run['wall_seconds']:.1f}",
        f"{run['peak_bytes'] / 1e6:,.0f} MB",
    ]


def measured(path: Path, reading: str) -> dict[str, object]:
    """Return what a fresh process says of one reading."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path), reading], capture_output=True, text=True, check=True
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def write_contract(path: Path, pages: int) -> list[str]:
    """Write a contract, and return the paths of its clauses."""
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path), pagesize=(595, 842))
    paths: list[str] = []
    source = clauses()
    waiting: list[str] = []
    for number in range(1, pages + 1):
        while len(waiting) < LINES:
            found, lines = next(source)
            paths.append(found)
            waiting += lines
        canvas.setFont("Times-Roman", 11)
        canvas.drawString(72, 805, "Master Services Agreement between Acme and Beta")
        for place in range(LINES):
            canvas.drawString(72, 780 - 16 * place, waiting[place])
        canvas.drawString(270, 40, f"Page {number} of {pages}")
        canvas.showPage()
        del waiting[:LINES]
    canvas.save()
    return paths


def clauses() -> Iterator[tuple[str, list[str]]]:
    """Yield paths and lines of clauses without end: sections, subsections with text, and items."""
    words = _words()
    section = 0
    while True:
        section += 1
        yield f"{section}", [f"{section}. SECTION OF THE AGREEMENT"]
        for sub in range(1, 6):
            yield f"{section}.{sub}", _wrapped(f"{section}.{sub} The parties agree that", words, 70, ":")
            for letter in "abcd":
                yield f"{section}.{sub}({letter})", _wrapped(f"({letter}) they", words, 45, ";")


def _words() -> Iterator[str]:
    """Yield the words of the project's own licence, over and over, plain ones only."""
    text = (recording.ROOT / "LICENSE").read_text(encoding="utf-8").split()
    plain = [word.lower() for word in text if word.isalpha()]
    place = 0
    while True:
        yield plain[place % len(plain)]
        place += 1


def _wrapped(start: str, words: Iterator[str], count: int, end: str) -> list[str]:
    import textwrap

    said = " ".join([start, *(next(words) for _ in range(count))])
    return textwrap.wrap(said + end, WIDTH)


if __name__ == "__main__":
    main()
