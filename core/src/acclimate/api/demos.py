"""`demo`: a vertical at work on real data that installs as a package."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from acclimate import bundle
from acclimate.api.adapting import Run, ask, run
from acclimate.api.earlier import beside, told_of
from acclimate.api.request import Request
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

    Where the demo draws pictures, they are written beside the run, into the folder `OUTPUT-pictures`. Where it begins
    with less, such as good parts alone, that run is saved beside it too; the report of the later one has its figures.

    Raises:
        UnknownNameError: when no installed vertical of that name has a demo.
        MissingPackageError: when its data package is not installed.
        OutputError: when the output, or the folder of its pictures, exists or cannot be written.
    """
    host = host or default_host()
    name, preset, shipped = _find(host, vertical)
    settings = {"max_rows": shipped.rows, "data_licence": shipped.licence, **shipped.settings, **options}
    request = ask(
        host, preset, shipped.source, method or shipped.method, None, shipped.test or None, None, output, settings
    )
    note = Finding(
        code="demo-data",
        level="note",
        message=f"Data of {name}: {shipped.package}, licence {shipped.licence}. {shipped.note}".strip(),
    )
    draw, folder = host.load(preset, "pictures"), beside(request.output, "pictures")
    if draw is not None:
        bundle.check_output(folder)
    earlier = _earlier(host, name, shipped, request, note, shown)
    notes = (note,) if earlier is None else (note, told_of(earlier.report, "demo-earlier"))
    done = replace(run(host, replace(request, notes=notes), shown=shown), earlier=earlier)
    if draw is None:
        return done
    folder.mkdir(parents=True)
    return replace(done, pictures=tuple(draw(shipped.source, done.load(), done.test_rows.ids, folder)))


def _earlier(host: Host, name: str, shipped: Demo, request: Request, note: Finding, shown: bool) -> Run | None:
    """Do the run that comes first, where there is one."""
    if not shipped.earlier:
        return None
    output = beside(request.output, shipped.earlier)
    bundle.check_output(output)
    settings = {"data_licence": shipped.licence, "seed": request.settings.seed, **shipped.earlier_settings}
    first = f"{name.partition('/')[0]}/{shipped.earlier}"
    asked = ask(host, first, shipped.source, None, None, None, None, output, settings)
    return run(host, replace(asked, notes=(note,)), shown=shown)


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
