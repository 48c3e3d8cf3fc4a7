"""Predictions in a file that is whole or not there, and that goes on where it was interrupted."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from acclimate import bundle
from acclimate.api import inputs
from acclimate.api.flows import flow_of_run
from acclimate.api.manifest import read_with
from acclimate.api.predicting import chunks
from acclimate.api.prediction_tables import WRITERS, Form, check_format
from acclimate.api.predictor import load_classifier
from acclimate.api.request import find_preset, split_options
from acclimate.contracts import Columns, OutputError
from acclimate.plugins import Host, default_host

PAGE = ".html"
_GO_ON = "Free some space, then add resume (--resume) to go on."


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """A file of predictions: how many rows it has, and how many of them say only why they could not be read."""

    output: Path
    rows: int
    unreadable: int


def write_predictions(
    folder: str | Path,
    source: str | Path,
    output: str | Path,
    *,
    resume: bool = False,
    host: Host | None = None,
    **options: Any,
) -> Predicted:
    """Predict every row of `source` into a new file, in order: CSV, JSON Lines or Parquet by its suffix.

    Where the loader of the source writes pages (`Loader.page`), ".html" gives the source with its predictions to look
    at.
    Of a run that gives masks it is a new folder instead, with one PNG of each row and a table; of one that inspects
    parts a file, or such a folder with heat maps.

    What is done is kept beside it as `OUTPUT.partial` and `OUTPUT.progress` until the file is whole. With `resume`
    it goes on from there: no row is written twice, none is lost, and the file is what it would have been.

    Args:
        folder: a saved run.
        source: rows, read as in `adapt`.
        output: a new file, or a folder for masks.
        resume: go on with a file that was interrupted.
        host: the plugins to use; those installed when left out.
        options: column names (`text`, `image`, `id`), and `reading`, options of the loader.

    Raises:
        OutputError: when the file exists, when there is nothing to go on from, or something and `resume` is not set.
        AcclimateError: for a run or a source that cannot be used.
    """
    folder, output = Path(folder), Path(output)
    bundle.check_output(output)
    flow = flow_of_run(folder, options)
    return flow.write_predictions(host or default_host(), folder, str(source), output, resume, options)


def write_labels(
    host: Host, folder: Path, source: str, output: Path, resume: bool, options: Mapping[str, Any]
) -> Predicted:
    """Write what a run that sorts rows into labels says of every row; as a page where the loader writes one."""
    columns, settings = split_options(dict(options))
    predictor = load_classifier(folder, host)
    several = predictor.thresholds is not None
    preset, owner, _ = find_preset(host, predictor.manifest["preset"])
    loader = inputs.loader_of(host, owner, preset, source)
    check_format(output, predictor.labels, several=several, others=(PAGE,) if loader.page else ())

    form = Form(
        labels=predictor.labels,
        several=several,
        decided=predictor.decisions.told,
        weighed=predictor.reads_stacks,
        told=loader.told,
    )

    def written(rows: Iterator[dict[str, Any]], file: Path) -> None:
        if output.suffix == PAGE and loader.page:
            options = inputs.read_options(loader, settings.reading, read_with(predictor.manifest))
            loader.page.load()(source, rows, file, options)
            return
        WRITERS[output.suffix](rows, file, form)

    job = job_of(predictor.folder, source, columns, settings.reading)
    return write_whole(
        output,
        lambda skip: chunks(host, predictor, source, columns, settings.reading, skip=skip),
        written,
        job=job,
        resume=resume,
    )


def write_whole(
    output: Path,
    chunks_from: Callable[[int], Iterator[list[dict[str, Any]]]],
    write: Callable[[Iterator[dict[str, Any]], Path], None],
    *,
    job: Mapping[str, Any],
    resume: bool,
) -> Predicted:
    """Write rows into a file that is whole or not there; `chunks_from` yields those after the first so many.

    `write` makes the file of all rows in the end. `job` is what decides them, to be compared when it is gone on with.
    """
    partial, progress = (output.with_name(output.name + ending) for ending in (".partial", ".progress"))
    done = _begun(progress, job, resume)
    output.absolute().parent.mkdir(parents=True, exist_ok=True)
    with bundle.full_disk_named(output, _GO_ON), partial.open("a+b") as stream:
        stream.truncate(done["bytes"])  # what was written after the last note of progress is written again
        for chunk in chunks_from(done["rows"]):
            for row in chunk:
                stream.write((json.dumps(row, ensure_ascii=False) + "\n").encode())
            stream.flush()
            os.fsync(stream.fileno())
            done["rows"] += len(chunk)
            done["unreadable"] += sum("error" in row for row in chunk)
            done["bytes"] = stream.tell()
            _note(progress, {"job": job, **done})
    whole = output.with_name(output.name + ".whole")
    with bundle.full_disk_named(output, _GO_ON):
        write(_rows(partial), whole)
        bundle.check_output(output)
        whole.rename(output)
    partial.unlink()
    progress.unlink()
    return Predicted(output=output, rows=done["rows"], unreadable=done["unreadable"])


def job_of(folder: Path, source: str, columns: Columns, reading: Mapping[str, Any]) -> dict[str, Any]:
    """Return what decides the rows of a file, to be compared when it is gone on with."""
    path = Path(source)
    state = path.stat() if path.is_file() else None
    manifest = bundle.read_document(folder, bundle.MANIFEST)
    return {
        "run": manifest["sha256"],
        "source": source,
        "changed": [state.st_size, state.st_mtime_ns] if state else None,
        "columns": asdict(columns),
        "reading": dict(reading),
    }


def _begun(progress: Path, job: Mapping[str, Any], resume: bool) -> dict[str, int]:
    if not resume:
        if progress.is_file():
            raise OutputError(
                f"{progress} belongs to predictions that were interrupted.",
                "Add resume (--resume) to go on with them, or remove the file to begin anew.",
            )
        return {"rows": 0, "unreadable": 0, "bytes": 0}
    if not progress.is_file():
        raise OutputError(f"There is nothing to go on from: {progress} does not exist.", "Leave resume out.")
    found = json.loads(progress.read_text(encoding="utf-8"))
    other = [name for name in job if found["job"][name] != job[name]]
    if other:
        raise OutputError(
            f"{progress} belongs to other predictions: {', '.join(other)} differ.",
            "Give the same run, rows and columns, or remove the file to begin anew.",
        )
    return {name: int(found[name]) for name in ("rows", "unreadable", "bytes")}


def _note(progress: Path, state: Mapping[str, Any]) -> None:
    fresh = progress.with_name(progress.name + ".new")
    fresh.write_text(json.dumps(state), encoding="utf-8")
    os.replace(fresh, progress)  # noqa: PTH105 - atomic on every platform


def _rows(partial: Path) -> Iterator[dict[str, Any]]:
    with partial.open(encoding="utf-8") as stream:
        for line in stream:
            yield json.loads(line)
