"""ONNX files: a module traced into one, and a file that was written run by onnxruntime."""

import json
import warnings
from ast import literal_eval
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from acclimate.contracts import BackboneError, DataError, MissingPackageError

_PACKAGES = ("onnx", "onnxruntime", "onnxscript")
_OURS = "acclimate."
_SCOPES = "pkg.torch.onnx.name_scopes"


def check_packages() -> None:
    """Raise MissingPackageError without the packages of the extra `onnx`."""
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise MissingPackageError(
            f"An export to ONNX needs {', '.join(missing)}.", "Install it: pip install 'acclimate[onnx]'."
        )


class _Positional(nn.Module):
    """A module that takes its inputs by position, as exported programs do."""

    def __init__(self, model: nn.Module, names: Sequence[str]) -> None:
        super().__init__()
        self.model, self.names = model, names

    def forward(self, *values: Tensor) -> Any:
        return self.model(**dict(zip(self.names, values, strict=True)))


def write(
    model: nn.Module,
    inputs: Mapping[str, Tensor],
    file: Path,
    *,
    outputs: Sequence[str],
    axes: Sequence[str],
    told: Mapping[str, Any],
    what: str,
) -> None:
    """Write a module as a file from inputs by name to `outputs`, whose first axes, by name, are left open.

    `told` becomes metadata, in JSON; `what` names the module where it cannot be exported.

    Raises:
        BackboneError: then.
    """
    dynamic = {place: torch.export.Dim(name) for place, name in enumerate(axes)}
    # Attention as plain products: what the fused kernel says of its layout does not hold once it is taken apart.
    with warnings.catch_warnings(), sdpa_kernel(SDPBackend.MATH):
        warnings.simplefilter("ignore")  # the exporter's remarks on names of axes
        try:
            program = torch.onnx.export(
                _Positional(model, tuple(inputs)).eval(),
                tuple(value[:3].contiguous() for value in inputs.values()),
                dynamo=True,
                input_names=list(inputs),
                output_names=list(outputs),
                dynamic_shapes=(tuple(dynamic for _ in inputs),),
                verbose=False,
            )
        except torch.onnx.OnnxExporterError as error:
            reason = str(error).strip().split("\n")[0].rstrip(".")
            raise BackboneError(
                f"{what} cannot be exported: {reason}.", "Choose another backbone or method, or use the run as it is."
            ) from error
    assert program is not None
    fixed = [
        f"{axes[place]} of {value.name} at {size}"
        for value in program.model.graph.inputs
        for place, size in enumerate((value.shape or ())[: len(axes)])
        if isinstance(size, int)
    ]
    if fixed:
        raise BackboneError(
            f"{what} cannot be exported: the file would fix {', '.join(fixed)}.",
            "Choose another backbone or method, or use the run as it is.",
        )
    cast(Any, program.model).metadata_props.update(_as_metadata(told))
    # Of each node the exporter writes lines of source, with the folders they are in: only scopes are kept.
    for node in program.model.graph.all_nodes():
        for name in set(node.metadata_props) - {_SCOPES}:
            del node.metadata_props[name]
    program.save(str(file))


def quantise(file: Path, target: Path, batches: Iterator[Mapping[str, NDArray[Any]]], *, inside: str) -> None:
    """Write a file whose nodes within modules called `inside` compute in 8 bits, all others as they did.

    Activations have 8 bits, their ranges are those of `batches` of inputs; weights have 7, by output channel.
    """
    import onnx
    from onnxruntime import quantization

    class Batches(quantization.CalibrationDataReader):  # type: ignore[misc]
        def get_next(self) -> Mapping[str, NDArray[Any]] | None:
            return next(batches, None)

    with TemporaryDirectory(prefix="acclimate-") as folder:
        prepared = Path(folder) / "prepared.onnx"
        quantization.quant_pre_process(file, prepared, skip_symbolic_shape=True)
        nodes = onnx.load(prepared, load_external_data=False).graph.node
        quantization.quantize_static(
            prepared,
            target,
            Batches(),
            quant_format=quantization.QuantFormat.QDQ,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            nodes_to_exclude=[node.name for node in nodes if not _is_inside(node, inside)],
        )


def tell(file: Path, told: Mapping[str, Any]) -> None:
    """Add metadata to a file, in JSON."""
    import onnx

    model = onnx.load(file)
    known = {each.key: each.value for each in model.metadata_props}
    onnx.helper.set_model_props(model, known | _as_metadata(told))
    onnx.save(model, file)


def _as_metadata(told: Mapping[str, Any]) -> dict[str, str]:
    return {f"{_OURS}{name}": json.dumps(value, ensure_ascii=False) for name, value in told.items()}


def _is_inside(node: Any, module: str) -> bool:
    """Say whether a node comes from within a module of that name, by the scopes that the exporter wrote."""
    told = {each.key: each.value for each in node.metadata_props}
    return any(module in scope.split(".") for scope in literal_eval(told.get(_SCOPES, "[]")))


def opened(file: Path, *, threads: int = 0) -> Any:
    """Return a session of onnxruntime on the processor, with so many threads; 0 leaves their number to it.

    Raises:
        DataError: when there is no such file, or this onnxruntime cannot run it.
    """
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    if not file.is_file():
        raise DataError(f"There is no file {file}.", "Write it with acclimate export.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # errors: its warnings are of nodes that have no name
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except (state.Fail, state.InvalidGraph, state.InvalidProtobuf, state.NotImplemented) as error:
        reason = str(error).strip().split("\n")[0].rstrip(".")
        raise DataError(
            f"onnxruntime {onnxruntime.__version__} cannot run {file}: {reason}.",
            "Write it anew with acclimate export, or install another onnxruntime.",
        ) from error


def outputs_of(session: Any, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return what a session makes of inputs, by name."""
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, session.run(names, dict(inputs)), strict=True))


def told_by(session: Any) -> dict[str, Any]:
    """Return the metadata that `write` gave to a file."""
    found: Mapping[str, str] = session.get_modelmeta().custom_metadata_map
    return {name.removeprefix(_OURS): json.loads(value) for name, value in found.items() if name.startswith(_OURS)}
