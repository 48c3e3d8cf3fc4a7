"""The ways to adapt that every trade can use."""

from collections.abc import Iterator

from acclimate.contracts import INFERENCE, PREFERENCE, STACKS, SUMMARIES, Method, Ref
from acclimate.plugins.hookspecs import hookimpl

_CLASSIFICATION = ("text-classification", "image-classification")
_LABELS = (*_CLASSIFICATION, STACKS)
_ANSWERS = ("question-answering",)
_TASKS = (*_CLASSIFICATION, "token-classification", *_ANSWERS, INFERENCE, SUMMARIES, "text-generation", PREFERENCE)
_MASKS = ("image-segmentation",)
_SEARCH = ("sentence-similarity",)
_PARTS = ("anomaly-detection",)


@hookimpl
def register_methods() -> Iterator[Method]:
    """Offer the ways to adapt that every trade can use."""
    yield _method("full", "Trains every weight.", tasks=(*_TASKS, STACKS, *_MASKS, *_SEARCH))
    yield _method(
        "frozen",
        "Fits a linear head on the features of the unchanged backbone; for masks, answers and stacks, trains a "
        "decoder, a head or attention on them; a search uses them as they are.",
        tasks=(*_LABELS, "token-classification", *_ANSWERS, INFERENCE, SUMMARIES, *_MASKS, *_SEARCH),
    )
    yield _method(
        "layerwise",
        "Trains every weight, the lower layers more slowly or later.",
        tasks=(*_TASKS, STACKS, *_MASKS, *_SEARCH),
    )
    yield _method(
        "partial",
        "Trains the top blocks of the backbone; what enters them is computed once.",
        tasks=(*_TASKS, STACKS, *_MASKS),
        install=True,
    )
    yield _method(
        "lora",
        "Trains small low-rank additions to the backbone.",
        tasks=(*_TASKS, STACKS, *_SEARCH),
        install=True,
        merge=True,
    )
    yield _method(
        "qlora",
        "Trains low-rank additions to a backbone whose linear layers are kept in four bits.",
        install=True,
        merge=True,
    )
    yield _method(
        "adapters",
        "Trains bottleneck layers put into every block of the backbone.",
        tasks=(*_TASKS, *_SEARCH),
        install=True,
    )
    yield _method("prefix", "Trains keys and values that every attention layer may also attend to.", install=True)
    yield _method("prompt", "Trains virtual tokens beside those of the input.", install=True)
    yield _method("ia3", "Trains factors on keys, values and feed-forward activations.", install=True, merge=True)
    yield _method("bitfit", "Trains the biases of the backbone.", tasks=(*_TASKS, STACKS, *_SEARCH))
    yield _method("norm", "Trains the normalisation layers of the backbone.", tasks=(*_TASKS, STACKS, *_SEARCH))
    yield _method(
        "contrastive",
        "Trains a text encoder to put texts of one label together, then solves the head; for few labelled rows.",
        tasks=("text-classification",),
    )
    yield _method("peft", "Trains what any type of PEFT adds, written peft:TYPE.", install=True, merge=True)
    yield _method(
        "scratch",
        "Trains the same architecture from random weights, to show what transfer gives.",
        tasks=(*_TASKS[:-1], STACKS, *_MASKS),
        install=True,
    )
    yield _method(
        "fused",
        "Fits a linear head on frozen features and how unlike good parts an image is; for few labels of each defect.",
        tasks=("image-classification",),
        install=True,
    )
    yield _method(
        "memory-bank",
        "Keeps patches of good parts and scores a part by how far its own are from them; trains nothing (PatchCore).",
        tasks=_PARTS,
        install=True,
    )
    yield _method(
        "padim",
        "Fits a Gaussian of good parts at each place; for parts that always lie alike; trains nothing.",
        tasks=_PARTS,
        install=True,
    )


def _method(
    name: str, summary: str, *, tasks: tuple[str, ...] = _TASKS, install: bool = False, merge: bool = False
) -> Method:
    module = f"acclimate.methods.{name.replace('-', '_')}"
    return Method(
        name=name,
        summary=summary,
        tasks=tasks,
        plan=Ref(f"{module}:plan"),
        install=Ref(f"{module}:install") if install else None,
        merge=Ref(f"{module}:merge") if merge else None,
    )
