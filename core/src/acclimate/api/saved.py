"""A run on disk: what is written, how it is proven, and how it comes back."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from acclimate import bundle, models
from acclimate.api import trained
from acclimate.api.inputs import Part
from acclimate.api.manifest import read_manifest
from acclimate.contracts import BundleError, Report
from acclimate.models import AnyPreprocessing, Model
from acclimate.plugins import Host
from acclimate.report import card, page

# In float32 a reloaded model repeats its logits exactly; the tolerance leaves room for other kernels.
TOLERANCE = 1e-4
RESULTS, INDEX = "results.safetensors", "index.safetensors"
TRUTH = "test.truth"
"""Among the results of an inspection: 1 for each test part that is defective, 0 for a good one."""


def save(
    folder: Path,
    model: Model,
    preprocessing: AnyPreprocessing,
    *,
    manifest: Mapping[str, Any],
    documents: Mapping[str, Any],
    results: Mapping[str, Tensor],
    probe: Mapping[str, Tensor],
    host: Host,
    index: Mapping[str, Tensor] | None = None,
) -> None:
    """Write a run and reload it: its logits on `probe` must be those of the trained model.

    `results` are what was measured, as tensors, `index` what a search looks through.

    Raises:
        BundleError: when they differ; nothing is left on disk.
        OutputError: when the folder cannot be written.
    """
    expected = _logits(model, probe)

    def prove(written: Path) -> None:
        reloaded, _, _ = restore(written, host)
        reloaded.to(_device(model))  # other devices have other kernels, and convolutions in TF32
        difference = float((_logits(reloaded, probe) - expected).abs().max())
        if not difference <= TOLERANCE:
            raise BundleError(
                f"The saved run does not reproduce the trained model: logits differ by {difference:.2g} "
                f"(at most {TOLERANCE:g} is allowed).",
                "Nothing was written. Please report this with the method and backbone.",
            )

    def extra(partial: Path) -> None:
        models.save_preprocessing(preprocessing, partial / "preprocessing")
        bundle.save_tensors(results, partial / RESULTS)
        if index is not None:
            bundle.save_tensors(index, partial / INDEX)

    bundle.write(
        folder,
        manifest={**manifest, "preprocessing": preprocessing.hash},
        tensors=_tensors(model) if manifest["stored"] == "all" else trained.changed(model, manifest, host),
        documents=documents,
        extra=extra,
        prove=prove,
    )


def documents(report: Report, parts: Mapping[str, Part]) -> dict[str, Any]:
    """Return the documents of a run by their file names: its report in three forms, and the rows of parts."""
    plain = report.to_dict()
    return {
        "report.json": plain,
        "report.html": page(plain),
        "README.md": card(plain),
        "rows.json": {name: part.ids for name, part in parts.items()},
    }


def restore(folder: Path, host: Host) -> tuple[Model, AnyPreprocessing, dict[str, Any]]:
    """Return the model, its preprocessing and the manifest of a saved run.

    Raises:
        BundleError: when anything is missing, changed, or does not fit.
        PluginError: when the run needs code that no installed plugin offers.
    """
    manifest = read_manifest(folder)
    if manifest["stored"] == "trained":
        model, preprocessing = trained.base(folder, manifest)
    else:
        model, preprocessing = models.rebuild(manifest["spec"], folder / "preprocessing", tuple(manifest["labels"]))
    if preprocessing.hash != manifest["preprocessing"]:
        raise BundleError(
            f"The preprocessing in {folder} is not the one the model was trained with.",
            "A library that reads it has changed; install the versions in manifest.json.",
        )
    install = host.load_reference(manifest["install"])
    if install is not None:
        install(model, manifest["adapter"])
    tensors = bundle.read_tensors(folder / bundle.WEIGHTS)
    own = model.state_dict()
    if manifest["stored"] == "trained":
        tensors = {**own, **tensors}
    if set(own) != set(tensors):
        differing = sorted(set(own) ^ set(tensors))
        raise BundleError(
            f"The weights in {folder} do not fit its architecture: {', '.join(differing[:3])}.",
            "Install the library versions in manifest.json.",
        )
    for name, tensor in own.items():
        if tensors[name].shape != tensor.shape or tensors[name].dtype != tensor.dtype:
            raise BundleError(
                f"Tensor {name!r} in {folder} is {tuple(tensors[name].shape)} {tensors[name].dtype}, its "
                f"architecture has {tuple(tensor.shape)} {tensor.dtype}.",
                "Install the library versions in manifest.json.",
            )
    model.load_state_dict(tensors)
    return model.eval(), preprocessing, manifest


def read_report(folder: str | Path) -> dict[str, Any]:
    """Return what the report of a saved run holds, as plain JSON, after checking that the run is as it was written.

    Raises:
        BundleError: when the folder is no run, or a byte of it was changed.
    """
    bundle.read_manifest(Path(folder))
    found: dict[str, Any] = bundle.read_document(Path(folder), "report.json")
    return found


def _device(model: Model) -> torch.device:
    return next(model.parameters()).device


def _logits(model: Model, probe: Mapping[str, Tensor]) -> Tensor:
    device = _device(model)
    model.eval()
    with torch.inference_mode():
        logits: Tensor = model(**{name: value.to(device) for name, value in probe.items()})
    return logits.cpu()


def _tensors(model: Model) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in model.state_dict().items()}
