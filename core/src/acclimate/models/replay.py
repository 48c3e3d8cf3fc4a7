"""What enters the first trained block, recorded once for every row and given to that block in every epoch.

Blocks below it are then not run; embeddings, masks and positions are, since the blocks above need them. This is
exact where nothing below changes from epoch to epoch: frozen weights, no augmentation, evaluation mode. Logits and
gradients agree with those of the whole model up to rounding: 1e-5 in float32, since rows are padded to other lengths
when they are recorded.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from acclimate.models.classifier import STAGES
from acclimate.models.infer import Examples, Progress, batches
from acclimate.models.recorded import REPLAYED, Recorded
from acclimate.models.skipping import Skip, entry, forwarding

_TOLERANCE = {"float32": 1e-4, "bfloat16": 2e-2}  # of the largest number that enters the head
_SHARE = 0.5  # of the free disk that a recording may take


class _ReachedError(Exception):
    """Ends a pass at the first trained block, whose input is then known."""


class Replay:
    """A model that can begin at block `first` of its encoder; `below` are the blocks before it, by name.

        replay = Replay(model, first, below)
        reason = replay.refusal(examples, folder, precision="float32")   # "" where it is exact
        recorded = replay.record(examples, folder / "train", precision="float32")
        with replay.active():
            model(**recorded.batch([0, 1]))

    While it is active, inputs without `replayed` run through the whole model as ever. `model` has an `encoder`;
    its weights below `first` must not change.
    """

    def __init__(self, model: nn.Module, first: str, below: Sequence[str]) -> None:
        self.model = model
        encoder = cast(nn.Module, model.encoder)
        self._first = encoder.get_submodule(first)
        self._below = {name: encoder.get_submodule(name) for name in below}
        self._skips: dict[str, Skip] = {}
        self._now: Tensor | None = None

    def refusal(self, examples: Examples, folder: Path, *, precision: str) -> str:
        """Return why these rows cannot be replayed from `folder`, or "" where they can.

        The model is run on a few rows, whole and replayed: what enters its head must be the same.
        """
        if not self._below:
            return "no block stands before the first one that trains"
        if getattr(self.model, "pooling", "") == STAGES:
            return "the head reads the maps of every stage, also of those that would be skipped"
        if torch.cuda.device_count() > 1:
            return "the model runs on several devices at once"
        inputs = examples.batch(_probe_rows(examples))
        inputs.pop("truth", None)
        expected, found = self._observe(inputs, precision)
        if not self._skips:
            return "each block below hands on values that only it can compute"
        mask = inputs.get("attention_mask")
        if found is None or found.shape[: 1 if mask is None else 2] != (len(expected), *_tokens(mask)):
            return "its blocks do not pass on one tensor with the rows and tokens of the batch"
        size, free = _bytes_needed(examples, found, mask), shutil.disk_usage(folder).free
        if size > _SHARE * free:
            return f"it takes {size / 1e9:.1f} GB of disk, of which {free / 1e9:.1f} GB are free"
        return self._compare(inputs, expected, found, precision)

    def record(
        self,
        examples: Examples,
        file: Path,
        *,
        precision: str,
        batch_size: int = 32,
        progress: Progress | None = None,
    ) -> Recorded:
        """Run every row up to the first trained block, write what enters it to `file`, and return the rows with it.

        `file` is the caller's to delete. `precision` is that of the passes in which the rows are replayed.
        """
        starts = np.zeros((len(examples), 2), dtype=np.int64)
        sample, place = torch.empty(0), 0
        pixels: tuple[int, ...] = ()
        self.model.eval()
        with file.open("wb") as stream:
            for rows in batches(examples, range(len(examples)), batch_size):
                inputs = examples.batch(rows)
                if _is_image(inputs):
                    pixels = tuple(inputs["pixel_values"].shape[1:])
                sample = self._enter(inputs, precision)
                mask = inputs.get("attention_mask")
                for index, row in enumerate(rows):
                    value = sample[index] if mask is None else sample[index][mask[index].bool()]
                    data = value.contiguous().flatten().view(torch.uint8).numpy()
                    starts[row] = place, place + len(data)
                    place += stream.write(data.tobytes())
                if progress:
                    progress(len(rows))
        return Recorded(examples, file, starts=starts, sample=sample[:1], pixels=pixels)

    @contextmanager
    def active(self) -> Iterator[None]:
        """Let `model(**inputs)` begin at the first trained block wherever `replayed` is among the inputs."""
        with ExitStack() as stack:
            stack.callback(self._take, self.model, (), {})
            stack.callback(self.model.register_forward_pre_hook(self._take, with_kwargs=True).remove)
            stack.callback(self._first.register_forward_pre_hook(self._give, with_kwargs=True).remove)
            for name, skip in self._skips.items():
                stack.enter_context(forwarding(self._below[name], self._skipping(name, skip)))
            yield

    def _skipping(self, name: str, skip: Skip) -> Callable[..., Any]:
        run = self._below[name].forward

        def forward(*args: Any, **kwargs: Any) -> Any:
            return run(*args, **kwargs) if self._now is None else skip.output(args, kwargs)

        return forward

    def _take(self, _module: nn.Module, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        # It stays until the next pass: gradient checkpointing runs blocks again on the way back.
        self._now = kwargs.get(REPLAYED)
        return args, {name: value for name, value in kwargs.items() if name != REPLAYED}

    def _give(self, _module: nn.Module, args: Any, kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]] | None:
        if self._now is None:
            return None
        if args:
            return (self._now, *args[1:]), kwargs
        return args, {**kwargs, next(iter(kwargs)): self._now}

    def _observe(self, inputs: Mapping[str, Tensor], precision: str) -> tuple[Tensor, Tensor | None]:
        """Run the whole model: return what entered its head and the first trained block; learn what to skip."""
        entries: list[Tensor] = []
        self._skips.clear()
        self.model.eval()
        with ExitStack() as stack:
            for name, block in self._below.items():
                hook = block.register_forward_hook(self._learning(name), with_kwargs=True)
                stack.callback(hook.remove)
            keep = self._first.register_forward_pre_hook(
                lambda _module, args, kwargs: entries.append(entry(args, kwargs)), with_kwargs=True
            )
            stack.callback(keep.remove)
            features = self._run(inputs, precision)
        return features, entries[0].cpu() if len(entries) == 1 and isinstance(entries[0], Tensor) else None

    def _learning(self, name: str) -> Callable[..., None]:
        def learn(_module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
            skip = Skip.of(args, kwargs, output)
            if skip is not None:
                self._skips[name] = skip

        return learn

    def _compare(self, inputs: Mapping[str, Tensor], expected: Tensor, entered: Tensor, precision: str) -> str:
        mask = inputs.get("attention_mask")
        if mask is not None:
            entered = entered * mask.view(*mask.shape, *[1] * (entered.ndim - 2)).to(entered.dtype)
        blank = {name: torch.zeros_like(value) for name, value in inputs.items()} if _is_image(inputs) else inputs
        with self.active():
            found = self._run({**blank, REPLAYED: entered}, precision)
        if mask is not None and expected.ndim > 2:  # [batch, tokens, width]; what stands at padding plays no part
            expected, found = expected[mask.bool()], found[mask.bool()]
        difference = float((found - expected).abs().max() / expected.abs().max().clamp(min=1e-12))
        if difference <= _TOLERANCE[precision]:
            return ""
        return (
            f"more of what lies below is read above: what enters the head differs by {difference:.1g} of its largest"
        )

    def _enter(self, inputs: Mapping[str, Tensor], precision: str) -> Tensor:
        """Run the model up to the first trained block and return what enters it."""
        found: list[Tensor] = []

        def stop(_module: nn.Module, args: Any, kwargs: Any) -> None:
            found.append(entry(args, kwargs))
            raise _ReachedError

        handle = self._first.register_forward_pre_hook(stop, with_kwargs=True)
        try:
            self._run(inputs, precision)
        except _ReachedError:
            return found[0].cpu()
        finally:
            handle.remove()
        raise RuntimeError("the first trained block was not run")

    def _run(self, inputs: Mapping[str, Tensor], precision: str) -> Tensor:
        """Run the model and return what entered its head, which tells more than logits where the head is flat."""
        features: list[Tensor] = []
        head = cast(nn.Module, self.model.head)
        device = next(self.model.parameters()).device
        given = {name: value.to(device) for name, value in inputs.items() if name != "truth"}
        handle = head.register_forward_pre_hook(lambda _module, args: features.append(args[0]))
        try:
            with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16"):
                self.model(**given)
        finally:
            handle.remove()
        return features[0].float().cpu()


def _is_image(inputs: Mapping[str, Tensor]) -> bool:
    """Tell whether a batch holds only pixels, which nothing looks at when the layers below are skipped."""
    return set(inputs) == {"pixel_values"}


def _tokens(mask: Tensor | None) -> tuple[int, ...]:
    return () if mask is None else tuple(mask.shape[1:])


def _probe_rows(examples: Examples) -> list[int]:
    """Return the first row and those of the least and the most tokens, so that something is padded."""
    lengths = examples.lengths
    return sorted({0, len(examples) - 1} if lengths is None else {0, int(lengths.argmin()), int(lengths.argmax())})


def _bytes_needed(examples: Examples, entered: Tensor, mask: Tensor | None) -> int:
    if mask is None:
        return len(examples) * entered[0].numel() * entered.element_size()
    lengths = examples.lengths
    tokens = len(examples) * mask.shape[1] if lengths is None else int(lengths.sum())
    return tokens * entered[0, 0].numel() * entered.element_size()
