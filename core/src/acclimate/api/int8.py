"""An ONNX file whose network computes in 8 bits, and what that costs on the run's own test rows.

Weights have 7 bits of the 8: on processors without VNNI the products of full ones overflow 16 bits unnoticed, and the
same file would answer otherwise on another machine (onnxruntime's documentation of quantization, "S8S8 and U8S8").
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acclimate import evaluation
from acclimate.api import onnx_files, own_rows, scoring
from acclimate.api.detecting import testing as part_testing
from acclimate.api.detecting.predictor import PartPredictor
from acclimate.api.evaluate_modules import named_by_run
from acclimate.api.inputs import Part
from acclimate.api.own_rows import AnyPredictor
from acclimate.api.request import find_preset
from acclimate.api.timed_steps import fed
from acclimate.contracts import Metric, OptionError, Score, finite
from acclimate.models import TextPreprocessing
from acclimate.plugins import Host

_QUANTISED = "encoder"
_CALIBRATED = 100
_AT_ONCE = 4
_BEFORE, _AFTER = "float32", "int8"
_HINT = "Put them back, or export without int8: what it costs is measured on them."


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What 8 bits cost on the test rows of a run: `changed` of `rows` are answered otherwise than in float32.

    `before` and `after` are the scores of both files by metric, `apart` is by how much the first of them differs
    after, with the interval of paired rows. `difference` is the greatest of any logit, or score of a part.
    `calibrated` training rows chose the ranges of activations.
    """

    rows: int
    changed: int
    difference: float
    before: Mapping[str, Score]
    after: Mapping[str, Score]
    apart: Score
    calibrated: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return dict(finite(asdict(self)))

    def __str__(self) -> str:
        name = next(iter(self.before))
        return (
            f"int8: {name} {self.before[name]} becomes {self.after[name]}, {self.apart.value:+.3f} "
            f"[{self.apart.low:+.3f}, {self.apart.high:+.3f}] on {self.rows:,} test rows; {self.changed:,} of them "
            "get another answer"
        )


def check(predictor: AnyPredictor) -> None:
    """Raise OptionError for a run that reads texts."""
    if isinstance(predictor.preprocessing, TextPreprocessing):
        raise OptionError(
            "int8 is for runs on images: activations of texts take their ranges from each batch, so that an answer "
            "would hang on the texts beside it.",
            "Leave int8 out.",
        )


def write(host: Host, predictor: AnyPredictor, file: Path, target: Path) -> Loss:
    """Write the float32 `file` of a run in 8 bits to `target`, and return what that costs.

    What the encoder computes is quantised, activations by the ranges of training rows and weights by channel; the
    head, and of parts the memory and threshold, stay in float32. The file's metadata says it too.

    Raises:
        DataError: when the rows of the run are not at hand any more.
    """
    with own_rows.own_parts(host, predictor, _HINT) as parts:
        calibrating = own_rows.spread(own_rows.items_of(parts["train"]), _CALIBRATED)
        onnx_files.quantise(file, target, _fed(predictor, calibrating), inside=_QUANTISED)
        loss = _measured(host, predictor, parts["test"], {_BEFORE: file, _AFTER: target}, len(calibrating))
    onnx_files.tell(target, {"int8": loss.to_dict()})
    return loss


def _measured(host: Host, predictor: AnyPredictor, test: Part, files: Mapping[str, Path], calibrated: int) -> Loss:
    items = own_rows.items_of(test)
    found = {name: _outputs(predictor, path, items) for name, path in files.items()}
    rows = {
        name: {
            0: evaluation.ScoredRows(
                ids=test.ids, truth=test.truth, groups=test.groups, scores=_table(predictor, output)
            )
        }
        for name, output in found.items()
    }
    metrics = _metrics(host, predictor, multilabel=test.multilabel)
    scored = evaluation.paired(
        rows,
        scoring.functions_of(host, metrics, multilabel=test.multilabel),
        better=next(iter(metrics.values())).better,
    )
    before, after = (_answers(predictor, found[name]) for name in (_BEFORE, _AFTER))
    return Loss(
        rows=len(items),
        changed=sum(one != other for one, other in zip(before, after, strict=True)),
        difference=float(np.abs(found[_BEFORE] - found[_AFTER]).max()),
        before=scored.scores[_BEFORE],
        after=scored.scores[_AFTER],
        apart=_apart(scored.differences),
        calibrated=calibrated,
    )


def _apart(differences: Mapping[str, Score]) -> Score:
    """Return the score after less that before, from differences to the better of the two; nan where there is none."""
    if after := differences.get(_AFTER):
        return after
    nothing = Score(value=float("nan"), low=float("nan"), high=float("nan"))
    before = differences.get(_BEFORE, nothing)
    return Score(value=-before.value, low=-before.high, high=-before.low)


def _fed(predictor: AnyPredictor, items: Sequence[str]) -> Iterator[dict[str, NDArray[Any]]]:
    """Yield what a file takes for these items, a few at a time."""
    for start in range(0, len(items), _AT_ONCE):
        yield fed(predictor, items[start : start + _AT_ONCE])


def _outputs(predictor: AnyPredictor, file: Path, items: Sequence[str]) -> NDArray[np.float64]:
    """Return the logits [rows, labels] that a file gives, or the scores [rows] of parts."""
    session = onnx_files.opened(file)
    name = session.get_outputs()[0].name
    found = [onnx_files.outputs_of(session, given)[name] for given in _fed(predictor, items)]
    return np.concatenate(found).astype(np.float64)


def _table(predictor: AnyPredictor, outputs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what metrics read of outputs."""
    if isinstance(predictor, PartPredictor):
        return part_testing.table(outputs, predictor.decided.threshold)
    return scoring.ranked(predictor.calibrated(outputs), predictor.thresholds)


def _answers(predictor: AnyPredictor, outputs: NDArray[np.float64]) -> list[Any]:
    if isinstance(predictor, PartPredictor):
        rejected: list[bool] = (outputs > predictor.decided.threshold).tolist()
        return rejected
    return [each.labels for each in predictor.predictions(outputs)]


def _metrics(host: Host, predictor: AnyPredictor, *, multilabel: bool) -> dict[str, Metric]:
    _, owner, _ = find_preset(host, predictor.manifest["preset"])
    names = named_by_run(predictor.manifest, predictor.folder)
    if isinstance(predictor, PartPredictor):
        return part_testing.metrics_of(host, owner, names, masks=False, asked=False)[0]
    return scoring.metrics_of(
        host,
        owner,
        names,
        task=predictor.manifest["task"],
        multilabel=multilabel,
        labels=predictor.labels,
        positive=predictor.decisions.positive,
    )
