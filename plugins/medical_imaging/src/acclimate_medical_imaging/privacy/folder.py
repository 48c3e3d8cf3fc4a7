"""A file or folder in, a new folder out, or nothing at all."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from acclimate.contracts import DataError, OptionError

from acclimate_medical_imaging.privacy.choices import Choices, Rectangle, choose
from acclimate_medical_imaging.privacy.keyed import Keyed, secret_from
from acclimate_medical_imaging.privacy.summary import (
    Deidentified,
    LeftOutError,
    QuarantinedError,
    Unwritten,
    Written,
    counts,
    reasons,
)
from acclimate_medical_imaging.privacy.table import Table, read_table
from acclimate_medical_imaging.quiet import quiet

SUMMARY = "summary.json"


def deidentify(
    source: Path | str,
    output: Path | str,
    *,
    options: Sequence[str] = (),
    secret: str | None = None,
    secret_file: Path | str | None = None,
    profile: str = "basic",
    burned_in: str = "quarantine",
    clean_pixels: Sequence[Rectangle] = (),
) -> Deidentified:
    """Write copies of DICOM files without the patient into a new folder, and return what was and was not written.

    The Basic Profile of DICOM PS3.15 annex E, by the tables of dicom-anonymizer, with `options` of
    `retain_longitudinal_modified_dates`, `retain_patient_characteristics` and `retain_device`. All new UIDs,
    pseudonyms and date shifts derive from `secret`: with the same one, later files join the patients and studies of
    earlier ones. Without one it is made, kept in `secret_file` where that is named, else told in the result.
    `clean_pixels` are rectangles (x, y, width, height) to blank in every image; `burned_in="keep"` writes images
    that may have text in their pixels, with Patient Identity Removed NO. This aids de-identification and is not a
    certification.

    Raises:
        MissingPackageError: without dicom-anonymizer.
        UnknownNameError, OptionError: for choices that do not exist or do not fit.
        OutputError: when `output` exists or cannot be written.
        DataError: when there is no file, or none of the files can be written.
    """
    choices = choose(profile, options, burned_in, clean_pixels)
    table = read_table()
    from acclimate.bundle import check_output, writing

    source, output = Path(source), Path(output)
    files = _files(source, output)
    check_output(output)
    key = secret_from(secret, _outside(output, secret_file))
    with writing(output) as partial, quiet():
        keyed = Keyed(key)
        written, left_out, quarantined = _write_all(source, files, partial, choices, table, keyed)
        done = Deidentified(
            output=output,
            written=len(written),
            not_claimed=sum(not one.claimed for one in written),
            patients=len({one.patient for one in written}),
            series=len({one.series for one in written}),
            uids=len(keyed.uids),
            left_out=tuple(left_out),
            quarantined=tuple(quarantined),
            profile=profile,
            options=choices.options,
            edition=table.edition,
            clean_pixels=choices.clean_pixels,
            secret=key.told,
        )
        (partial / SUMMARY).write_text(json.dumps(counts(done), indent=2), encoding="utf-8")
    return done


def _files(source: Path, output: Path) -> list[Path]:
    if not source.exists():
        raise DataError(f"{source} does not exist.", "Give a DICOM file, or a folder of them.")
    if source.is_dir() and output.resolve().is_relative_to(source.resolve()):
        raise OptionError("The output folder lies inside the source.", "Choose an output elsewhere.")
    found = (
        [Path(folder, name) for folder, _, names in os.walk(source) for name in names]
        if source.is_dir()
        else [source]
    )
    if not found:
        raise DataError(f"{source} holds no file.", "Give a DICOM file, or a folder of them.")
    return sorted(found)


def _outside(output: Path, secret_file: Path | str | None) -> Path | None:
    if secret_file is None:
        return None
    if Path(secret_file).resolve().is_relative_to(output.resolve()):
        raise OptionError("The file of the secret lies in the output folder.", "Keep the two apart.")
    return Path(secret_file)


def _write_all(
    source: Path, files: Sequence[Path], folder: Path, choices: Choices, table: Table, keyed: Keyed
) -> tuple[list[Written], list[Unwritten], list[Unwritten]]:
    """Write what can be written into `folder`; return that, what is left out, and what is quarantined."""
    from acclimate_medical_imaging.privacy.instance import cleaned, write

    written: list[Written] = []
    left_out: list[Unwritten] = []
    quarantined: list[Unwritten] = []
    for path in files:
        try:
            written.append(write(cleaned(path, choices, table, keyed), folder))
        except LeftOutError as error:
            inside = path.relative_to(source).as_posix() if path != source else path.name
            kind = quarantined if isinstance(error, QuarantinedError) else left_out
            kind.append(Unwritten(path=inside, reason=error.message))
    if not written:
        raise _none_written([*left_out, *quarantined])
    return written, left_out, quarantined


def _none_written(unwritten: Sequence[Unwritten]) -> DataError:
    why = "; ".join(f"{count:,}: {reason}" for reason, count in reasons(unwritten).items())
    return DataError(f"None of {len(unwritten):,} files can be written ({why}).", "Nothing was written.")
