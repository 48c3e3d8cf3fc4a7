"""A saved run in a format for other libraries: ONNX, or an adapter of peft, if its logits or scores are the run's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

from acclimate import bundle, models
from acclimate.api import int8 as int8_files
from acclimate.api import onnx_files, own_rows
from acclimate.api.adapter_folder import check_adapter, write_adapter
from acclimate.api.detecting import exporting as part_files
from acclimate.api.detecting import load as load_parts
from acclimate.api.manifest import task_of
from acclimate.api.merging import fold
from acclimate.api.parity import check_parity
from acclimate.api.plain import logits
from acclimate.api.predictor import Predictor, load_classifier
from acclimate.contracts import OptionError
from acclimate.plugins import Host, default_host

PARTS = "anomaly-detection"
FORMATS = ("onnx", "peft")
OUTPUTS = ("logits",)
_COMPARED = 32
_NAME_IMAGES = "Name images like them with images (--images)."


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A file or folder that another library reads.

    `difference` is the greatest of the first of its `outputs`, a logit or the score of a part, on `compared` rows. Of
    a file in 8 bits it is that of the file in float32 that it was made of, and `loss` what the 8 bits cost.
    """

    output: Path
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    difference: float
    compared: int
    loss: int8_files.Loss | None = None


def export(
    folder: str | Path,
    output: str | Path,
    *,
    format: str = "onnx",
    images: str | Path | None = None,
    int8: bool = False,
    host: Host | None = None,
) -> Exported:
    """Write a saved run as an ONNX file, or as a folder with the adapter that peft puts on the backbone ("peft").

    The folder has adapter_config.json, adapter_model.safetensors, head.safetensors, the tokenizer or image processor,
    and a README.md with the lines that give the run's probabilities.

    The file of a run that sorts rows into labels goes from prepared inputs to logits, batch and length left open.
    Inputs are `input_ids` and `attention_mask` [batch, tokens], or `pixel_values` [batch, 3, height, width]; the
    output is `logits` [batch, labels]. The file's metadata has labels, thresholds, what validation rows decided,
    temperature, the hash of the preprocessing and what it is: the length at which texts are cut, or the size and
    statistics of images.

    The file of a run that inspects parts goes from `pixels`, bytes [batch, 3, height, width] of resized images, to
    `score` [batch], `map` [batch, height, width] and `rejected` [batch]: statistics of the backbone, memory and
    threshold are inside, and its metadata says how images are resized. It is compared on real `images`, a source of
    them; on test parts of the run where none is named.

    With `int8` the network of a run on images computes in 8 bits, once the file in float32 has passed. What that
    costs is measured on the run's own test rows and stands in the result and in the file's metadata; it passes
    whatever it costs.

    Raises:
        OptionError: for another format; as ONNX for a run that isotonic curves calibrate or that reads images in
            tiles, and as an adapter for one whose method or backbone plain peft does not know; for `images` of a run
            that sorts rows; for `int8` of an adapter or of a run on texts.
        MissingPackageError: without the packages of the extra `onnx`.
        DataError: when the images that a run of parts is compared on, or the rows for `int8`, are not at hand.
        BackboneError: when torch cannot export the model.
        BundleError: when onnxruntime, or peft, does not give the run's logits or scores; nothing is written.
        OutputError: when the output exists or cannot be written.
    """
    host, output = host or default_host(), Path(output)
    if format not in FORMATS:
        raise OptionError(f"Runs are exported as {', '.join(FORMATS)}, found {format!r}.", "Leave format out.")
    if format == "peft":
        if int8:
            raise OptionError("int8 is for ONNX files, and an adapter is in 16 or 32 bits.", "Leave int8 out.")
        return _adapter(folder, output, host, images)
    onnx_files.check_packages()
    bundle.check_output(output)
    if task_of(Path(folder)) == PARTS:
        return _inspection(Path(folder), output, host, images, int8)
    return _classifier(folder, output, host, images, int8)


def _classifier(folder: str | Path, output: Path, host: Host, images: str | Path | None, int8: bool) -> Exported:
    _no_images(images)
    predictor = load_classifier(folder, host)
    if predictor.curves:
        raise OptionError(
            "The probabilities of this run follow isotonic curves, which a file from inputs to logits would leave "
            "out: its thresholds would be those of other numbers.",
            "Adapt with calibration 'temperature', or merge the run: the lines in the README then apply the curves.",
        )
    inputs = models.probe(predictor.plain_preprocessing)
    if int8:
        int8_files.check(predictor)
    predictor.model.cpu()
    expected = logits(predictor.model, inputs)
    fold(predictor, host)

    def write(file: Path) -> float:
        _write(predictor, inputs, file)
        return _checked(file, inputs, expected)

    difference, loss = _written(host, predictor, output, write, int8)
    return Exported(
        output=output, inputs=tuple(inputs), outputs=OUTPUTS, difference=difference, compared=len(expected), loss=loss
    )


def _inspection(folder: Path, output: Path, host: Host, images: str | Path | None, int8: bool) -> Exported:
    predictor = load_parts(folder, host)
    part_files.check_whole(predictor)
    with own_rows.items(host, predictor, images, _NAME_IMAGES) as items:
        shown = [predictor.opened(path) for path in own_rows.spread(items["test"], _COMPARED)]
    difference, loss = _written(
        host, predictor, output, lambda file: part_files.write(predictor, shown, file)["score"], int8
    )
    return Exported(
        output=output,
        inputs=(part_files.INPUT,),
        outputs=part_files.OUTPUTS,
        difference=difference,
        compared=len(shown),
        loss=loss,
    )


def _written(
    host: Host, predictor: own_rows.AnyPredictor, output: Path, write: Callable[[Path], float], int8: bool
) -> tuple[float, int8_files.Loss | None]:
    """Write the file, in 8 bits where they are asked for; return what `write` does, and what 8 bits cost."""
    with bundle.writing_file(output) as partial:
        if not int8:
            return write(partial), None
        with TemporaryDirectory(prefix="acclimate-") as folder:
            plain = Path(folder) / "float32.onnx"
            difference = write(plain)
            return difference, int8_files.write(host, predictor, plain, partial)


def _no_images(images: str | Path | None) -> None:
    if images is not None:
        raise OptionError(
            f"images are what the scores of parts are compared on, found {str(images)!r}: logits are compared on "
            "rows made from the preprocessing alone.",
            "Leave images out.",
        )


def _adapter(folder: str | Path, output: Path, host: Host, images: str | Path | None) -> Exported:
    _no_images(images)
    bundle.check_output(output)
    predictor = load_classifier(folder, host)
    check_adapter(predictor)
    difference = write_adapter(predictor, output)
    inputs = models.probe(predictor.plain_preprocessing)
    rows = len(next(iter(inputs.values())))
    return Exported(output=output, inputs=tuple(inputs), outputs=OUTPUTS, difference=difference, compared=rows)


def _write(predictor: Predictor, inputs: Mapping[str, Tensor], file: Path) -> None:
    is_text = isinstance(predictor.preprocessing, models.TextPreprocessing)
    onnx_files.write(
        predictor.model,
        inputs,
        file,
        outputs=OUTPUTS,
        axes=("batch", "tokens") if is_text else ("batch",),
        told=_metadata(predictor),
        what=f"{type(predictor.model.encoder).__name__} with method {predictor.manifest['method']!r}",
    )


def _metadata(predictor: Predictor) -> dict[str, Any]:
    manifest, preprocessing = predictor.manifest, predictor.plain_preprocessing
    if isinstance(preprocessing, models.ImagePreprocessing):
        what: dict[str, Any] = preprocessing.to_dict()
    else:
        what = {"max_tokens": preprocessing.max_tokens}
    return {
        "run": bundle.seal_of(manifest),
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


def _checked(file: Path, inputs: Mapping[str, Tensor], expected: Tensor) -> float:
    """Return by how much onnxruntime's logits differ, for all probe rows together and for the first alone."""
    session = onnx_files.opened(file)
    differences = []
    for rows in (len(expected), 1):
        given = {name: value[:rows].contiguous().numpy() for name, value in inputs.items()}
        found = torch.from_numpy(onnx_files.outputs_of(session, given)["logits"])
        differences.append(check_parity(expected[:rows], found, "The ONNX file"))
    return max(differences)
