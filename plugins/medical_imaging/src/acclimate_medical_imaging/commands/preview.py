"""The command `preview`."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer
from acclimate.cli import output
from acclimate.cli.options import Json


def preview(
    folder: Annotated[str, typer.Argument(help="A folder, a zip archive or a file.")],
    window: Annotated[str, typer.Option(help="As --read window: lung, bone, file:2, -600/1500, percentile, …")] = "",
    sheet: Annotated[Path | None, typer.Option(help="Write a contact sheet to this new .png file.")] = None,
    as_json: Json = False,
) -> None:
    """Say what a folder of DICOM files or images holds, and show what a model would see of it."""
    with output.failing_well(as_json):
        from dataclasses import asdict

        from acclimate_medical_imaging.reading.preview import contact_sheet, look_at
        from acclimate_medical_imaging.reading.windows import check_window

        check_window(window)
        files = [asdict(each) for each in look_at(folder)]
        shown = contact_sheet(folder, sheet, window=window) if sheet else 0
        if as_json:
            output.show_json({"source": folder, "sheet": str(sheet) if shown else None, "files": files})
            return
        for each in files:
            if each["status"] != "decoded":
                output.show(f"{each['status']}: {each['path']}" + (f": {each['reason']}" if each["reason"] else ""))
        output.show(_summary(files))
        if sheet:
            output.show(f"{shown} pictures in {sheet}" if shown else "There is no picture to show.")


def _summary(files: list[dict[str, Any]]) -> str:
    counts = Counter(each["status"] for each in files)
    decoded = [each for each in files if each["status"] == "decoded"]
    kinds = Counter(each["kind"] for each in decoded)
    parts = ", ".join(f"{len({each[name] for each in decoded if each[name]}):,} {word}" for name, word in _COUNTED)
    lines = [f"{len(files):,} files: " + ", ".join(f"{count:,} {status}" for status, count in counts.most_common())]
    lines += [f"{count:>8,}  {kind}" for kind, count in kinds.most_common()]
    lines.append(f"decoded pictures of {parts}")
    written = Counter(each["burned_in"] for each in decoded)
    if written["yes"] or written["perhaps"]:
        lines.append(
            f"warning: text is in the pixels of {written['yes']:,} pictures by their header, and may be in those of "
            f"{written['perhaps']:,} more: it may name a patient, and a model may read it. Look at the sheet."
        )
    return "\n".join(lines)


_COUNTED = (("patient", "patients"), ("study", "studies"), ("series", "series"))
