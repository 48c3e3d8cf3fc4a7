"""`demo`: a vertical at work on real data that installs as a package."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from acclimate import bundle
from acclimate.api.adapting import Run, ask, run
from acclimate.contracts import Demo, Finding, Preset, UnknownNameError, did_you_mean
from acclimate.plugins import Host, default_host


def demo(
    vertical: str,
    *,
    method: str | None = None,
    output: str | Path | None = None,
    host: Host | None = None,
    shown: bool = True,
    **options: Any,
) -> Run:
    """Run the demo of a vertical ("legal", "manufacturing") and save it like any other run.

    Where the demo draws pictures, they are written beside the run, into the folder `OUTPUT-pictures`.

    Raises:
        UnknownNameError: when no installed vertical of that name has a demo.
        MissingPackageError: when its data package is not installed.
        OutputError: when the output, or the folder of its pictures, exists or cannot be written.
    """
    host = host or default_host()
    name, preset, shipped = _find(host, vertical)
    settings = {"max_rows": shipped.rows, "data_licence": shipped.licence, **shipped.settings, **options}
    request = ask(host, preset, shipped.source, method or shipped.method, None, None, None, output, settings)
    note = Finding(
        code="demo-data",
        level="note",
        message=f"Data of {name}: {shipped.package}, licence {shipped.licence}. {shipped.note}".strip(),
    )
    draw, folder = host.load(preset, "pictures"), request.output.with_name(f"{request.output.name}-pictures")
    if draw is None:
        return run(host, replace(request, notes=(note,)), shown=shown)
    bundle.check_output(folder)
    done = run(host, replace(request, notes=(note,)), shown=shown)
    folder.mkdir(parents=True)
    return replace(done, pictures=tuple(draw(shipped.source, done.load(), done.test_rows.ids, folder)))


def _find(host: Host, vertical: str) -> tuple[str, Preset, Demo]:
    demos = {
        name.partition("/")[0]: (name, preset, preset.demo)
        for name, preset in host.presets().items()
        if preset.demo is not None
    }
    if vertical not in demos:
        failed = [f"{state.name} ({state.reason})" for state in host.plugins() if state.state != "loaded"]
        hint = did_you_mean(vertical, demos)
        raise UnknownNameError(
            f"No installed vertical {vertical!r} has a demo.",
            f"{hint} Not loaded: {', '.join(failed)}." if failed else hint,
        )
    return demos[vertical]
