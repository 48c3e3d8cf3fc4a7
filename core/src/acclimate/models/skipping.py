"""Blocks that are not run: what they would have handed on besides their result."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """How the output of a block that is not run is made up from its arguments.

    `shape` is that of the first output beyond the batch, None where it is the input's. `sources` are the arguments
    that the block hands on as further outputs, by place or name, None for an output that is None; `sources` itself
    is None where the output is one tensor.
    """

    shape: tuple[int, ...] | None
    sources: tuple[int | str | None, ...] | None

    @classmethod
    def of(cls, args: tuple[Any, ...], kwargs: Mapping[str, Any], output: Any) -> "Skip | None":
        """Learn it from one call; None where the block computes more than its first output (T5's first block)."""
        values = output if isinstance(output, tuple) else (output,)
        given = _given(args, kwargs)
        sources: list[int | str | None] = []
        for value in values[1:]:
            places = [place for place, argument in given.items() if argument is value]
            if value is not None and not (isinstance(value, Tensor) and places):
                return None
            sources.append(None if value is None else places[0])
        first = entry(args, kwargs)
        return cls(
            shape=None if values[0].shape == first.shape else tuple(values[0].shape[1:]),
            sources=tuple(sources) if isinstance(output, tuple) else None,
        )

    def output(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        """Return something of the right form; nothing looks at its first value."""
        hidden = entry(args, kwargs)
        if self.shape is not None:
            hidden = hidden.new_zeros(()).expand(len(hidden), *self.shape)
        if self.sources is None:
            return hidden
        given = _given(args, kwargs)
        return (hidden, *(None if source is None else given[source] for source in self.sources))


@contextmanager
def forwarding(module: nn.Module, forward: Callable[..., Any]) -> Iterator[None]:
    """Give one module another `forward`; names of weights, hooks and the module itself stay as they are."""
    own = vars(module).get("forward")
    module.forward = forward
    try:
        yield
    finally:
        del module.forward
        if own is not None:
            module.forward = own


def entry(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Return what a block works on: its first argument."""
    return args[0] if args else next(iter(kwargs.values()))


def _given(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[int | str, Any]:
    given: dict[int | str, Any] = dict(enumerate(args))
    given.update(kwargs)
    return given
