"""A saved run in a format for other libraries: ONNX, or an adapter of peft, if its logits are the run's."""

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import torch
from torch import Tensor, nn

from acclimate import bundle, models
from acclimate.api.adapter_folder import check_adapter, write_adapter
from acclimate.api.merging import fold
from acclimate.api.parity import check_parity
from acclimate.api.plain import logits
from acclimate.api.predictor import Predictor, load_classifier
from acclimate.contracts import BackboneError, MissingPackageError, OptionError
from acclimate.plugins import Host, default_host

FORMATS = ("onnx", "peft")
_PACKAGES = ("onnx", "onnxruntime", "onnxscript")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A file or folder that another library reads; `difference` is the greatest of a logit on the probe."""

    output: Path
    inputs: tuple[str, ...]
    difference: float


def export(folder: str | Path, output: str | Path, *, format: str = "onnx", host: Host | None = None) -> Exported:
    """Write a saved run as an ONNX file, or as a folder with the adapter that peft puts on the backbone ("peft").

    The folder has adapter_config.json, adapter_model.safetensors, head.safetensors, the tokenizer or image processor,
    and a README.md with the lines that give the run's probabilities.

    The file goes from prepared inputs to logits, with batch and length left open. Inputs are `input_ids` and
    `attention_mask` [batch, tokens], or `pixel_values` [batch, 3, height, width]; the output is `logits`
    [batch, labels]. The file's metadata has labels, thresholds, what validation rows decided, temperature, the hash
    of the preprocessing and what it is: the length at which texts are cut, or the size and statistics of images.

    Raises:
        OptionError: for another format; as ONNX for a run that isotonic curves calibrate, and as an adapter for
            one whose method or backbone plain peft does not know.
        MissingPackageError: without the packages of the extra `onnx`.
        BackboneError: when torch cannot export the model.
        BundleError: when onnxruntime, or peft, does not give the run's logits; nothing is written.
        OutputError: when the output exists or cannot be written.
    """
    host, output = host or default_host(), Path(output)
    if format not in FORMATS:
        raise OptionError(f"Runs are exported as {', '.join(FORMATS)}, found {format!r}.", "Leave format out.")
    if format == "peft":
        return _adapter(folder, output, host)
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise MissingPackageError(
            f"An export to ONNX needs {', '.join(missing)}.", "Install it: pip install 'acclimate[onnx]'."
        )
    bundle.check_output(output)
    predictor = load_classifier(folder, host)
    if predictor.curves:
        raise OptionError(
            "The probabilities of this run follow isotonic curves, which a file from inputs to logits would leave "
            "out: its thresholds would be those of other numbers.",
            "Adapt with calibration 'temperature', or merge the run: the lines in the README then apply the curves.",
        )
    inputs = models.probe(predictor.plain_preprocessing)
    predictor.model.cpu()
    expected = logits(predictor.model, inputs)
    fold(predictor, host)
    output.absolute().parent.mkdir(parents=True, exist_ok=True)
    partial = output.with_name(f".{output.name}.{uuid4().hex[:8]}.partial")
    try:
        with bundle.full_disk_named(output, "Nothing was left behind; free some space."):
            _write(predictor, inputs, partial)
            difference = _checked(partial, inputs, expected)
            bundle.check_output(output)
            partial.rename(output)
    finally:
        partial.unlink(missing_ok=True)
    return Exported(output=output, inputs=tuple(inputs), difference=difference)


def _adapter(folder: str | Path, output: Path, host: Host) -> Exported:
    bundle.check_output(output)
    predictor = load_classifier(folder, host)
    check_adapter(predictor)
    difference = write_adapter(predictor, output)
    inputs = tuple(models.probe(predictor.plain_preprocessing))
    return Exported(output=output, inputs=inputs, difference=difference)


class _Positional(nn.Module):
    """A classifier that takes its inputs by position, as exported programs do."""

    def __init__(self, model: nn.Module, names: tuple[str, ...]) -> None:
        super().__init__()
        self.model, self.names = model, names

    def forward(self, *values: Tensor) -> Tensor:
        return cast(Tensor, self.model(**dict(zip(self.names, values, strict=True))))


def _write(predictor: Predictor, inputs: Mapping[str, Tensor], file: Path) -> None:
    names = tuple(inputs)
    dynamic = {0: torch.export.Dim("batch")}
    if isinstance(predictor.preprocessing, models.TextPreprocessing):
        dynamic[1] = torch.export.Dim("tokens")
    some = tuple(value[:3].contiguous() for value in inputs.values())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's remarks on names of axes
        try:
            program = torch.onnx.export(
                _Positional(predictor.model, names).eval(),
                some,
                dynamo=True,
                input_names=list(names),
                output_names=["logits"],
                dynamic_shapes=(tuple(dynamic for _ in names),),
                verbose=False,
            )
        except torch.onnx.OnnxExporterError as error:
            reason = str(error).strip().split("\n")[0].rstrip(".")
            raise BackboneError(
                f"{type(predictor.model.encoder).__name__} with method {predictor.manifest['method']!r} cannot be "
                f"exported: {reason}.",
                "Choose another backbone or method, or use the run as it is.",
            ) from error
    assert program is not None
    cast(Any, program.model).metadata_props.update(_metadata(predictor))
    program.save(str(file))


def _metadata(predictor: Predictor) -> dict[str, str]:
    manifest, preprocessing = predictor.manifest, predictor.plain_preprocessing
    if isinstance(preprocessing, models.ImagePreprocessing):
        what: dict[str, Any] = preprocessing.to_dict()
    else:
        what = {"max_tokens": preprocessing.max_tokens}
    values = {
        "labels": manifest["labels"],
        "multilabel": manifest["multilabel"],
        "thresholds": manifest["thresholds"],
        "decisions": manifest["decisions"],
        "temperature": manifest["calibration"]["temperature"],
        "preprocessing": what,
        "preprocessing_sha256": manifest["preprocessing"],
        "prepare": manifest["prepare"],
        "backbone": manifest["backbone"],
        "method": manifest["method"],
        "preset": manifest["preset"],
    }
    return {f"acclimate.{name}": json.dumps(value, ensure_ascii=False) for name, value in values.items()}


def _checked(file: Path, inputs: Mapping[str, Tensor], expected: Tensor) -> float:
    """Return by how much onnxruntime's logits differ, for all probe rows together and for the first alone."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    differences = []
    for rows in (len(expected), 1):
        given = {name: value[:rows].contiguous().numpy() for name, value in inputs.items()}
        [found] = session.run(["logits"], given)
        differences.append(check_parity(expected[:rows], torch.from_numpy(found), "The ONNX file"))
    return max(differences)
