"""A saved run as a plain model: what its method added folded in, in a folder that transformers loads by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from acclimate import bundle, models
from acclimate.api import plain
from acclimate.api.manifest import task_of
from acclimate.api.parity import check_parity
from acclimate.api.predictor import Predictor, load_classifier
from acclimate.api.request import find_preset
from acclimate.contracts import PREFERENCE, Method, OptionError
from acclimate.models import Classifier, Model
from acclimate.plugins import Host, default_host

if TYPE_CHECKING:
    from acclimate.api.generating.predictor import ChatPredictor


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """A plain model in a folder.

    `loads_as` is the class of transformers that loads all of it ("ViTForImageClassification"), or only the encoder
    ("BertModel") with the head beside it in `head.safetensors`. `difference` is the greatest of a logit on the probe.
    """

    output: Path
    loads_as: str
    head: str
    difference: float


def merge(folder: str | Path, output: str | Path, *, host: Host | None = None) -> Merged:
    """Write a saved run as a model that plain transformers loads, with its tokenizer or image processor.

    What the method added is folded into the weights that were measured; for weights kept in four bits these are the
    weights that the four bits stand for. Where transformers has a classifier whose logits are the run's, the folder
    is one; else it is the encoder, with the head in `head.safetensors`. Its README.md has the lines that give the
    run's probabilities.

    Raises:
        OptionError: when the method adds what cannot be folded in.
        BundleError: when transformers, loading the folder again, does not give the run's logits; nothing is written.
        OutputError: when the folder exists or cannot be written.
    """
    host, output = host or default_host(), Path(output)
    if task_of(Path(folder)) in ("text-generation", PREFERENCE):
        from acclimate.api.generating.merging import merge_writer

        return merge_writer(host, Path(folder), output)
    bundle.check_output(output)
    predictor = load_classifier(folder, host)
    inputs = models.probe(predictor.plain_preprocessing)
    predictor.model.cpu()
    expected = plain.logits(predictor.model, inputs)
    model = folded(predictor, host)
    assert isinstance(model, Classifier)
    written: dict[str, Any] = {}

    def prove(partial: Path) -> None:
        found = plain.logits(plain.reloaded(partial, predictor), inputs)
        written["difference"] = check_parity(expected, found, "The merged model")

    with bundle.writing(output) as partial:
        native = plain.native(model, predictor, inputs, expected)
        plain.write(partial, model, native, predictor)
        prove(partial)
    form = native or model.encoder
    return Merged(
        output=output,
        loads_as=type(form).__name__,
        head="inside" if native is not None else "head.safetensors",
        difference=written["difference"],
    )


def fold(predictor: "Predictor | ChatPredictor", host: Host) -> None:
    """Fold what a run's method added into the weights of its model, where the method can do that."""
    manifest = predictor.manifest
    method = _method(predictor, host)
    if method.merge is not None:
        model = predictor.model
        host.load(method, "merge")(model, manifest["adapter"], _as_measured(model.encoder))


def _method(predictor: "Predictor | ChatPredictor", host: Host) -> Method:
    _, owner, _ = find_preset(host, predictor.manifest["preset"])
    return host.find("method", predictor.manifest["method"].partition(":")[0], owner)


def folded(predictor: "Predictor | ChatPredictor", host: Host) -> Model:
    """Return the run's model with plain layers only.

    Raises:
        OptionError: when the method adds what cannot be folded in.
    """
    manifest, model = predictor.manifest, predictor.model
    fold(predictor, host)
    folder = predictor.folder / "preprocessing"
    found, _ = models.rebuild(manifest["spec"], folder, tuple(manifest["labels"]))
    state, wanted = model.state_dict(), found.state_dict()
    if {name: tensor.shape for name, tensor in state.items()} != {name: t.shape for name, t in wanted.items()}:
        owner = manifest["preset"].partition("/")[0]
        able = sorted(name for name, offer in host.candidates("method", owner).items() if offer.merge)
        raise OptionError(
            f"Method {manifest['method']!r} adds layers that cannot be folded into the backbone's.",
            f"Methods whose additions can: {', '.join(able)}.",
        )
    found.load_state_dict(
        {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in state.items()}
    )
    return found.eval()


def _as_measured(encoder: nn.Module) -> Callable[[str], Tensor]:
    """Return what gives the weight of a name as the run was measured with it, in float32 and its own layout."""

    def weight(name: str) -> Tensor:
        place, _, leaf = name.rpartition(".")
        layer: Any = encoder.get_submodule(place)
        base = layer.get_base_layer() if hasattr(layer, "get_base_layer") else layer
        value: Tensor = getattr(base, leaf).detach().float()
        return value.T.contiguous() if getattr(base, "transposed", False) else value

    return weight
