"""Which module builds a model: `tiny`, with random weights, or `real`, with pretrained ones."""

from types import ModuleType

from acclimate.testing import real, tiny


def zoo(architecture: str) -> ModuleType:
    """Return the module that builds an architecture.

    Both offer `TEXT`, `IMAGE`, `FIRST_TOKEN`, `build`, `tasks`, `padding` and `image_size`.
    """
    return real if architecture in (*real.TEXT, *real.IMAGE) else tiny
