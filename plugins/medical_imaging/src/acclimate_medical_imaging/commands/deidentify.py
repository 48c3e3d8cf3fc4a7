"""The command `deidentify`."""

from pathlib import Path
from typing import Annotated, Any

import typer
from acclimate.cli import output
from acclimate.cli.options import Json
from acclimate.contracts import OptionError

from acclimate_medical_imaging.privacy import Deidentified, Unwritten
from acclimate_medical_imaging.privacy import deidentify as run_deidentify
from acclimate_medical_imaging.privacy.summary import STATEMENT

Rectangle = tuple[int, int, int, int]


def deidentify(
    source: Annotated[Path, typer.Argument(help="A DICOM file, or a folder of them.")],
    output_folder: Annotated[Path, typer.Option("--output", help="New folder for the copies.")],
    option: Annotated[
        list[str] | None,
        typer.Option(
            help="retain_longitudinal_modified_dates, retain_patient_characteristics or retain_device; repeatable."
        ),
    ] = None,
    secret_file: Annotated[
        Path | None,
        typer.Option(
            help="Holds the secret that new UIDs, names and dates derive from; made when it does not exist."
        ),
    ] = None,
    profile: Annotated[str, typer.Option(help="basic: the Basic Profile of DICOM PS3.15 annex E.")] = "basic",
    burned_in: Annotated[
        str, typer.Option(help="quarantine leaves out images that may have text in their pixels; keep writes them.")
    ] = "quarantine",
    clean_pixels: Annotated[
        list[str] | None,
        typer.Option(help="X,Y,WIDTH,HEIGHT: blank this rectangle in every image; repeatable."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Copy DICOM files without the patient; exits with 3 when some files were not written."""
    with output.failing_well(as_json):
        done = run_deidentify(
            source,
            output_folder,
            options=option or (),
            secret_file=secret_file,
            profile=profile,
            burned_in=burned_in,
            clean_pixels=[_rectangle(text) for text in clean_pixels or ()],
        )
        if as_json:
            output.show_json(_fields(done))
        else:
            _show(done)
        if done.secret:
            typer.echo(f"secret, told this once and stored nowhere: {done.secret}", err=True)
            typer.echo("Put it into a file for --secret-file to give later files the same UIDs and names.", err=True)
        if done.left_out or done.quarantined:
            raise typer.Exit(output.NOT_WHOLE)


def _rectangle(text: str) -> Rectangle:
    numbers = [int(part) for part in text.split(",") if part.strip().isdecimal()]
    if text.count(",") != 3 or len(numbers) != 4:
        raise OptionError(f"--clean-pixels is {text!r}.", "Give X,Y,WIDTH,HEIGHT in pixels, such as 0,0,512,40.")
    return numbers[0], numbers[1], numbers[2], numbers[3]


def _show(done: Deidentified) -> None:
    output.show(
        f"{done.written:,} files of {done.patients:,} patients in {done.series:,} series; {done.uids:,} new UIDs"
    )
    output.show(f"DICOM PS3.15 {done.edition}, {', '.join((f'{done.profile} profile', *done.options))}")
    if done.not_claimed:
        output.show(f"{done.not_claimed:,} of them do not say whether there is text in their pixels")
    for kind, files in (("left out", done.left_out), ("quarantined", done.quarantined)):
        for file in files:
            output.show(f"{kind}: {file.path}: {file.reason}")
    output.show(f"saved in {done.output}. {STATEMENT}")


def _fields(done: Deidentified) -> dict[str, Any]:
    return {
        "output": str(done.output),
        "written": done.written,
        "patient_identity_removed_not_claimed": done.not_claimed,
        "patients": done.patients,
        "series": done.series,
        "uids": done.uids,
        "profile": done.profile,
        "edition": done.edition,
        "options": list(done.options),
        "clean_pixels": [list(rectangle) for rectangle in done.clean_pixels],
        "left_out": [_file(file) for file in done.left_out],
        "quarantined": [_file(file) for file in done.quarantined],
        "statement": STATEMENT,
    }


def _file(file: Unwritten) -> dict[str, str]:
    return {"path": file.path, "reason": file.reason}
