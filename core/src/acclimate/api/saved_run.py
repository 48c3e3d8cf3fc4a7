"""What every saved run has that is opened to predict."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from acclimate import models, training
from acclimate.api.saved import restore
from acclimate.plugins import Host

M = TypeVar("M", bound=models.Model)
P = TypeVar("P", bound=models.AnyPreprocessing)


class SavedRun(Generic[M, P]):
    """A saved run on the device that computes: its model, what reads and what prepares rows, and its manifest."""

    manifest: Mapping[str, Any]
    prepare: Callable[[Any], Any] | None

    def __init__(self, folder: Path, host: Host, model: type[M], preprocessing: type[P]) -> None:
        self.folder = folder
        with training.quiet_libraries():
            found, read, self.manifest = restore(folder, host)
        assert isinstance(found, model)
        assert isinstance(read, preprocessing)
        self.model: M = found
        self.preprocessing: P = read
        self.model.to(training.device())
        self.prepare = host.load_reference(self.manifest["prepare"], self.manifest["preparing"])

    @property
    def precision(self) -> str:
        """The arithmetic of forward passes."""
        return str(self.manifest["precision"]) if training.has_bfloat16() else "float32"
