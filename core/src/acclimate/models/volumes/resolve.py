"""From the source of a three-dimensional backbone, or the description in a saved run, to a classifier of volumes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from acclimate.contracts import Backbone, BackboneError, BundleError, UnknownNameError, did_you_mean
from acclimate.models.fingerprint import weights_hash
from acclimate.models.image import ImagePreprocessing
from acclimate.models.resolved import Resolved
from acclimate.models.volumes import folder as folders
from acclimate.models.volumes.classifier import VolumeClassifier
from acclimate.models.volumes.encoder import VolumeConfig, VolumeEncoder, drawn
from acclimate.models.volumes.networks import NETWORKS
from acclimate.models.volumes.preprocessing import VolumePreprocessing

SCHEME = "monai:"
_SIDES = (64, 64, 64)
ResolvedVolumes = Resolved[VolumeClassifier, VolumePreprocessing]


def is_volume_source(source: str) -> bool:
    """Return whether a source names a three-dimensional network: "monai:NAME", or the folder of one."""
    return source.startswith(SCHEME) or folders.is_volume_folder(Path(source).expanduser())


def has_weights(source: str) -> bool:
    """Return whether a three-dimensional backbone was trained before: a folder was, a mere name was not."""
    return not source.startswith(SCHEME)


def check_source(source: str) -> None:
    """Check the name of a network, and the number of voxels behind it, before anything is read.

    Raises:
        UnknownNameError: for a network that there is not.
        BackboneError: for a number of voxels that it cannot read.
    """
    if source.startswith(SCHEME):
        _named(source)
    else:
        folder = Path(source).expanduser()
        folders.read_preprocessing(folder, folders.read_config(folder), placed=False)


def resolve_volumes(backbone: Backbone, *, labels: tuple[str, ...], placed: bool = False) -> ResolvedVolumes:
    """Load a three-dimensional network in float32 under a new head for `labels`.

    "monai:NAME", or "monai:NAME@DEPTHxHEIGHTxWIDTH" in voxels, has random weights, always the same. `placed` volumes
    keep their millimetres, others are resized whole.

    Raises:
        AcclimateError: as `check_source`.
        MissingPackageError: without MONAI.
        BackboneError: for weights that do not fit.
    """
    if backbone.source.startswith(SCHEME):
        config, preprocessing = _named(backbone.source, placed=placed)
        encoder = drawn(config)
    else:
        folder = Path(backbone.source).expanduser()
        if not folders.is_volume_folder(folder):
            raise BackboneError(f"{folder} holds no three-dimensional network.", "Put it where it was.")
        config = folders.read_config(folder)
        preprocessing = folders.read_preprocessing(folder, config, placed=placed)
        encoder = drawn(config)
        folders.load_weights(folder, encoder)
    return Resolved(
        model=_classifier(encoder, labels),
        preprocessing=preprocessing,
        weights=weights_hash(encoder.state_dict()),
        spec={
            "modality": "volume",
            "config": config.to_dict(),
            "arguments": {},
            "pooling": "own",
            "unit_norm": False,
            "max_tokens": None,
        },
    )


def rebuild_volumes(spec: Mapping[str, Any], labels: tuple[str, ...]) -> VolumeClassifier:
    """Return the classifier that a saved run describes, with random weights.

    Raises:
        BundleError: when it describes none.
        MissingPackageError: without MONAI.
    """
    if problem := folders.unfit(spec["config"]):
        raise BundleError(f"The manifest's spec describes no model: {problem[0]}", problem[1])
    return _classifier(VolumeEncoder(VolumeConfig(**spec["config"])), labels)


def _classifier(encoder: VolumeEncoder, labels: tuple[str, ...]) -> VolumeClassifier:
    model = VolumeClassifier(encoder, width=encoder.width, labels=labels, pooling="own")
    model.eval()
    return model


def _named(source: str, *, placed: bool = False) -> tuple[VolumeConfig, VolumePreprocessing]:
    name, _, size = source.removeprefix(SCHEME).partition("@")
    if name not in NETWORKS:
        raise UnknownNameError(f"There is no network {SCHEME}{name}.", did_you_mean(name, NETWORKS))
    sides: list[Any] = [int(side) if side.isdigit() else side for side in size.split("x")] if size else list(_SIDES)
    if len(sides) != 3 or not all(isinstance(side, int) for side in sides):
        raise BackboneError(
            f"A number of voxels is DEPTHxHEIGHTxWIDTH, found {size!r}.", f"Such as {SCHEME}{name}@64x96x96."
        )
    folders.check_size(name, sides)
    # From black to white as -1 to 1: what new weights are drawn for is centred.
    slices = ImagePreprocessing(size=(sides[1], sides[2]), mean=(0.5,), std=(0.5,), interpolation="bilinear")
    return VolumeConfig(architecture=name), VolumePreprocessing(slices=slices, depth=sides[0], placed=placed)
