"""What this plugin offers; it imports nothing heavy, the code is named by reference."""

from collections.abc import Iterator

from acclimate.plugins import Loader, Metric, Preset, Ref, hookimpl


@hookimpl
def register_presets() -> Iterator[Preset]:
    """Offer `library-desk/enquiries`."""
    yield Preset(
        name="enquiries",
        summary="Which desk of the library should answer a reader's enquiry?",
        task="text-classification",
        metrics=("accuracy", "macro_f1", "handovers"),
    )


@hookimpl
def register_loaders() -> Iterator[Loader]:
    """Offer the enquiry log that library desks keep."""
    yield Loader(
        name="inbox",
        summary="Enquiries under 'desk: NAME' lines, with blank lines between them.",
        read=Ref("acclimate_library_desk.inbox:read"),
        suffixes=(".inbox",),
    )


@hookimpl
def register_metrics() -> Iterator[Metric]:
    """Offer what a wrong answer costs the reader."""
    yield Metric(
        name="handovers",
        summary="Mean number of desks that pass an enquiry on before the right one has it.",
        tasks=("text-classification",),
        score=Ref("acclimate_library_desk.handovers:handovers"),
        better="lower",
    )
