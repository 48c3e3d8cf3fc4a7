"""A saved run at work: labels and probabilities for new texts or images."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from acclimate import data, evaluation, models, training
from acclimate.api import scoring
from acclimate.api.calibrating import read_curves
from acclimate.api.deciding import Decisions
from acclimate.api.flows import flow_of
from acclimate.api.inputs import opener
from acclimate.api.manifest import task_of
from acclimate.api.saved import restore
from acclimate.api.stacks import given_stacks, given_volumes
from acclimate.contracts import DataError, OptionError, Prediction
from acclimate.models import Classifier, StackClassifier
from acclimate.plugins import Host, default_host

# Texts; paths or Pillow images; of stacks paths, or the slices of each in order.
Items = Sequence[str | Path | Image.Image | Sequence[Image.Image]]


class Predictor:
    """What `load` returns. `labels` are in the order of the columns of `probabilities`.

    `thresholds` are the logits [labels] from which a label is given where rows may carry several; None elsewhere.
    `decisions` are the operating point and the threshold of label sets that validation rows chose, `curves` the
    isotonic ones that calibrate; without them the model's own logits are calibrated by a temperature.
    """

    def __init__(self, folder: str | Path, host: Host | None = None) -> None:
        self.folder = Path(folder)
        with training.quiet_libraries():
            host = host or default_host()
            model, preprocessing, self.manifest = restore(self.folder, host)
        assert isinstance(model, Classifier)
        assert not isinstance(preprocessing, models.PixelPreprocessing | models.PartPreprocessing)
        self.model, self.preprocessing = model, preprocessing
        self.model.to(training.device())
        self.labels: tuple[str, ...] = self.model.labels
        self.thresholds: NDArray[np.float64] | None = None
        if self.manifest["multilabel"]:
            self.thresholds = np.asarray(self.manifest["thresholds"], dtype=np.float64)
        self.decisions = Decisions(**self.manifest["decisions"])
        self.curves = read_curves(self.manifest)
        self.prepare: Callable[[Any], Any] | None = host.load_reference(
            self.manifest["prepare"], self.manifest["preparing"]
        )

    def predict(self, items: Items) -> list[Prediction]:
        """Return one prediction per text, or per image given as a path or a Pillow image.

        Of a run for stacks, an item is the path of a file with pages, or its slices as a sequence of Pillow images.

        Raises:
            DataError: when an item is empty, of the wrong kind, or an image cannot be read.
        """
        if _nothing(items):
            return []
        with self._examples(items) as examples:
            return self.predictions_of(examples)

    def predictions_of(self, examples: models.Examples) -> list[Prediction]:
        """Return one prediction for each row of prepared examples."""
        if not isinstance(self.model, StackClassifier):
            return self.predictions(self.model_logits(examples))
        logits: list[tuple[list[str], NDArray[np.float64]]] = []
        weights: dict[str, NDArray[np.float64]] = {}
        for ids, some, told in models.explained_logits(self.model, examples, precision=self.precision):
            logits.append((ids, some))
            weights.update(zip(ids, told, strict=True))
        found = self.predictions(evaluation.by_id(list(examples.ids), logits))
        assert isinstance(examples, models.StackExamples | models.PreparedStacks)
        return [
            replace(one, slice_weights=dict(zip(names, weights[id].tolist(), strict=True)))
            for id, names, one in zip(examples.ids, examples.names, found, strict=True)
        ]

    def predictions(self, logits: NDArray[np.float64]) -> list[Prediction]:
        """Return what the model's own logits [rows, classes] say."""
        outside = self.decisions.out_of_scope(logits)
        logits = self.calibrated(logits)
        probabilities = scoring.probabilities_of(logits, multilabel=self.thresholds is not None)
        answer = self.decisions.answer_threshold
        flagged = self.decisions.flagged(logits, self.labels)
        cheapest = self.decisions.cheapest(logits)
        likeliest = [self.labels[int(row.argmax())] for row in logits]
        if self.thresholds is None:
            given: list[tuple[str, ...]] = [(label,) for label in likeliest]
        else:
            given = scoring.given(logits, self.thresholds, self.labels)
        if outside is not None:
            given = [() if strange else names for strange, names in zip(outside, given, strict=True)]
        return [
            Prediction(
                label=label,
                probabilities={name: float(p) for name, p in zip(self.labels, row, strict=True)},
                labels=names,
                answered=None if answer is None else bool(row.max() >= answer),
                flagged=None if flagged is None else bool(flagged[number]),
                out_of_scope=None if outside is None else bool(outside[number]),
                cheapest=None if cheapest is None else self.labels[int(cheapest[number])],
                label_set=self._label_set(row),
            )
            for number, (label, row, names) in enumerate(zip(likeliest, probabilities, given, strict=True))
        ]

    def _label_set(self, probabilities: NDArray[np.float64]) -> tuple[str, ...] | None:
        threshold = self.decisions.set_threshold
        if threshold is None:
            return None
        return tuple(self.labels[k] for k in (-probabilities).argsort(kind="stable") if probabilities[k] >= threshold)

    def probabilities(self, items: Items) -> NDArray[np.float64]:
        """Return the probabilities [items, classes]."""
        return scoring.probabilities_of(self._logits_of(items), multilabel=self.thresholds is not None)

    @contextmanager
    def _examples(self, items: Items) -> Iterator[models.Examples]:
        """Give items as model inputs."""
        ids = [str(number) for number in range(len(items))]
        with TemporaryDirectory() as folder:
            if isinstance(self.preprocessing, models.TextPreprocessing):
                yield self._texts(items, ids, Path(folder))
            elif isinstance(self.preprocessing, models.StackPreprocessing):
                yield given_stacks(items, self.preprocessing, self.prepare)
            elif isinstance(self.preprocessing, models.VolumePreprocessing):
                yield given_volumes(items, self.preprocessing, self.prepare)
            else:
                yield self._images(items, ids, self.preprocessing)

    def _logits_of(self, items: Items) -> NDArray[np.float64]:
        if _nothing(items):
            return np.empty((0, len(self.labels)))
        with self._examples(items) as examples:
            return self.logits(examples)

    def logits(self, examples: models.Examples) -> NDArray[np.float64]:
        """Return the calibrated logits [rows, classes] of prepared examples."""
        return self.calibrated(self.model_logits(examples))

    def calibrated(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what the model's own logits [rows, classes] stand for, as logits."""
        if not self.curves:
            return logits
        return evaluation.follow(self.curves, logits, several=self.thresholds is not None)

    def model_logits(self, examples: models.Examples) -> NDArray[np.float64]:
        """Return the logits [rows, classes] of prepared examples as the model gives them."""
        scored = models.logits(self.model, examples, precision=self.precision)
        return evaluation.by_id(list(examples.ids), scored)

    @property
    def reads_stacks(self) -> bool:
        """Whether each row is a stack of images, whose slices are weighed."""
        return isinstance(self.preprocessing, models.StackPreprocessing)

    @property
    def precision(self) -> str:
        """The arithmetic of forward passes: that of the run, where this machine has it."""
        return self.manifest["precision"] if training.has_bfloat16() else "float32"

    @property
    def plain_preprocessing(self) -> models.TextPreprocessing | models.ImagePreprocessing:
        """The preprocessing of single texts or images.

        Raises:
            OptionError: where the run reads stacks of images, which no plain model does.
        """
        if isinstance(self.preprocessing, models.StackPreprocessing | models.VolumePreprocessing):
            raise OptionError(
                f"{self.folder} reads stacks of images, and plain models read single ones.", "Use the run as it is."
            )
        return self.preprocessing

    def _texts(self, items: Sequence[Any], ids: list[str], folder: Path) -> models.TextExamples:
        for number, item in enumerate(items):
            if not isinstance(item, str) or not item.strip():
                raise DataError(f"Item {number} is no text: {item!r}.", "Leave out empty items.")
        assert isinstance(self.preprocessing, models.TextPreprocessing)
        return models.TextExamples(
            self._chunks(items),
            ids,
            preprocessing=self.preprocessing,
            prepare=self.prepare,
            fingerprint=data.text_fingerprints,
            file=folder / "tokens.bin",
        )

    def _images(
        self, items: Sequence[Any], ids: list[str], preprocessing: models.ImagePreprocessing
    ) -> models.ImageExamples:
        given = dict(zip(ids, items, strict=True))
        prepare, from_path = self.prepare, opener(self.prepare)

        def open_image(number: str) -> Image.Image:
            item = given[number]
            if not isinstance(item, Image.Image):
                return from_path(str(item))
            image: Image.Image = data.to_rgb(item)
            prepared: Image.Image = prepare(image) if prepare else image
            return prepared

        return models.ImageExamples(ids, ids, ids, preprocessing=preprocessing, open_image=open_image)

    @staticmethod
    def _chunks(items: Sequence[Any]) -> Iterator[list[str]]:
        for start in range(0, len(items), 512):
            yield list(items[start : start + 512])


def _nothing(items: Items) -> bool:
    """Return whether there are no items; raise DataError for a single one outside a list."""
    if isinstance(items, str | Path | Image.Image):
        raise DataError("predict takes a list, found a single item.", "Write predict([item]).")
    return not len(items)


def load(folder: str | Path, *, host: Host | None = None) -> Any:
    """Return a saved run, ready to predict, with the plugins of `host` (those installed when left out).

    It is a `Predictor`, a `MaskPredictor` where the run gives masks, or a `SearchPredictor` where it searches.

    Raises:
        BundleError: when the folder is no run, or a byte of it was changed.
        PluginError: when the run needs code that no installed plugin offers.
    """
    return flow_of(task_of(Path(folder))).load(Path(folder), host or default_host())


def load_classifier(folder: str | Path, host: Host | None = None) -> Predictor:
    """Return a saved run that sorts rows into labels.

    Raises:
        AcclimateError: as `load`; OptionError for a run of another kind.
    """
    task = task_of(Path(folder))
    gives = {
        "anomaly-detection": "inspects parts",
        "image-segmentation": "gives masks",
        "natural-language-inference": "judges hypotheses",
        "summarization": "summarises",
        "question-answering": "gives answers",
        "sentence-similarity": "gives documents",
        "text-generation": "writes answers",
        "preference": "writes answers",
        "token-classification": "gives spans",
    }.get(task)
    if gives:
        raise OptionError(f"{folder} {gives}, and a run that gives labels is needed.", "Name another run.")
    return Predictor(folder, host)
