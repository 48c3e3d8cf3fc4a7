"""What the command line prints: for people, or as one JSON object; and how it fails."""

import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from acclimate.contracts import AcclimateError, OptionError, OutputError, UnknownNameError

BAD_INPUT, BAD_USAGE = 1, 2
NOT_WHOLE = 3  # done, but some rows could not be read, or a repetition gave other numbers
# What wrong arguments raise: click's class in older releases of typer, typer's own copy of it in newer ones.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]


def show(text: str) -> None:
    """Print for people, on standard output."""
    typer.echo(text)


def names(text: str) -> tuple[str, ...]:
    """Return the names that commas part."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def pairs(given: Sequence[str] | None, example: str) -> dict[str, Any]:
    """Return the values of NAME=VALUE by name.

    Raises:
        OptionError: for an option of another form.
    """
    from acclimate.api.variant import read_pair

    return dict(read_pair(pair, example) for pair in given or [])


def show_rows(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows as CSV."""
    writer = csv.DictWriter(sys.stdout, fieldnames=columns)
    writer.writeheader()
    writer.writerows(rows)


def show_json(value: Any) -> None:
    """Print one JSON object on standard output."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


@contextmanager
def failing_well(as_json: bool, interrupted: str = "Nothing was written.") -> Iterator[None]:
    """Turn an error that Acclimate raised on purpose into a message and an exit code.

    `interrupted` is what is said to the one who pressed Ctrl-C.
    """
    try:
        yield
    except AcclimateError as error:
        fail(type(error).__name__, error.message, error.hint, as_json, _code(error), _notes(error))
    except KeyboardInterrupt:
        fail("Interrupted", "Interrupted.", interrupted, as_json, 130)


def fail(kind: str, message: str, hint: str, as_json: bool, code: int, notes: tuple[str, ...] = ()) -> None:
    """Print an error and exit with `code`."""
    if as_json:
        show_json({"error": {"type": kind, "message": " ".join((message, *notes)), "hint": hint}})
    else:
        typer.echo("\n".join(("error: " + message, *notes, *([hint] if hint else []))), err=True)
    raise typer.Exit(code)


def usage(error: Any) -> int:
    """Print a usage error, as JSON when --json was among the arguments; return the exit code."""
    message = error.format_message()
    if "--json" in sys.argv:
        show_json({"error": {"type": type(error).__name__, "message": message, "hint": "See --help."}})
    else:
        error.show()
    return BAD_USAGE


def _code(error: AcclimateError) -> int:
    return BAD_USAGE if isinstance(error, OptionError | UnknownNameError) else BAD_INPUT


def _notes(error: BaseException) -> tuple[str, ...]:
    return tuple(getattr(error, "__notes__", ()))


def write_page(report: dict[str, Any], file: Path) -> None:
    """Write the page of a report.

    Raises:
        OutputError: when the file cannot be written.
    """
    from acclimate.report import page

    write_html(page(report), file)


def write_html(text: str, file: Path) -> None:
    """Write a page that was made.

    Raises:
        OutputError: when the file cannot be written.
    """
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{file} cannot be written: {error.strerror}.", "Name another file as --html.") from error


def answers(report: Any, count: int = 3) -> list[str]:
    """Return the first answers of a report on a model that writes as lines, beside the untuned model's."""
    language = report.analysis.language
    return [
        f"asked: {each.asked}\n  answers: {each.written}\n  untuned: {each.untuned}"
        for each in (language.exchanges[:count] if language else ())
    ]


def show_run(run: Any, as_json: bool, more: Mapping[str, Any] | None = None) -> None:
    """Print the report of a run, after those of the runs that came before it; JSON has them as `earlier`."""
    if as_json:
        earlier: dict[str, Any] = {}
        for each in [*_before(run)][::-1]:
            earlier = {"earlier": {**each.report.to_dict(), **earlier}}
        show_json({**run.report.to_dict(), **(more or {}), **earlier})
        return
    for each in [*_before(run)][::-1]:
        show_report(each.report, as_json)
        show("")
    show_report(run.report, as_json)


def _before(run: Any) -> Iterator[Any]:
    """Yield the runs that came before a run, the last one first."""
    while (run := run.earlier) is not None:
        yield run


def show_report(report: Any, as_json: bool) -> None:
    """Print a report, and where it is saved."""
    if as_json:
        show_json(report.to_dict())
        return
    show(str(report))
    show(f"saved in {report.output}")
