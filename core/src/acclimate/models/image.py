"""Images: the backbone's own preprocessing, label-preserving augmentation, and image encoders."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from acclimate.contracts import BackboneError
from acclimate.models.fingerprint import json_hash
from acclimate.models.shades import MODES, UNIT, light_of, normalised, of_channels, range_of

RESAMPLING = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
_BY_NUMBER = {resampling.value: name for name, resampling in RESAMPLING.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePreprocessing:
    """Size and statistics that an image backbone was trained with; they cannot be chosen apart from it.

    `size` is (height, width) in pixels. Black to white becomes the range `values`; `mean` and `std` on its scale
    are per channel, of which there are 3, or 1 of grey. The whole image is resized, nothing is cropped away: a defect
    or a lesion may lie at the border.
    """

    size: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: str
    values: tuple[float, float] = UNIT

    @classmethod
    def of_timm(cls, configuration: Mapping[str, Any], channels: int | None = None) -> "ImagePreprocessing":
        """Read the preprocessing of a timm pretrained configuration, for a network that reads so many channels.

        Raises:
            BackboneError: when its statistics are of other channels.
        """
        usual, height, width = configuration["input_size"]
        channels = channels or usual
        return cls(
            size=(height, width),
            mean=of_channels(configuration["mean"], channels, "mean"),
            std=of_channels(configuration["std"], channels, "std"),
            interpolation=configuration["interpolation"],
        )

    @classmethod
    def of_processor(cls, values: Mapping[str, Any], channels: int | None = None) -> "ImagePreprocessing":
        """Read the preprocessing from a transformers `preprocessor_config.json`, for a network of so many channels.

        It may have a `value_range` besides, what black and white become before mean and standard deviation.

        Raises:
            BackboneError: when size or statistics are not there, or cannot be.
        """
        size = values.get("crop_size") or values.get("size")
        if isinstance(size, int):
            size = {"height": size, "width": size}
        if isinstance(size, Mapping) and "shortest_edge" in size:
            size = {"height": size["shortest_edge"], "width": size["shortest_edge"]}
        if not isinstance(size, Mapping) or "image_mean" not in values or "image_std" not in values:
            raise BackboneError(
                "The backbone's preprocessor_config.json has no size, image_mean and image_std.",
                "Choose a backbone that says how its images were prepared.",
            )
        channels = channels or len(values["image_mean"])
        told = values.get("do_normalize", True)
        return cls(
            size=(int(size["height"]), int(size["width"])),
            mean=of_channels(values["image_mean"] if told else [0.0], channels, "image_mean"),
            std=of_channels(values["image_std"] if told else [1.0], channels, "image_std"),
            interpolation=_BY_NUMBER.get(values.get("resample", 2), "bilinear"),
            values=range_of(values),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; of the usual range nothing is said, as before there were others."""
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        if self.values == UNIT:
            del plain["values"]
        return plain

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "ImagePreprocessing":
        """Return the preprocessing that `to_dict` wrote."""
        return cls(
            size=tuple(values["size"]),
            mean=tuple(values["mean"]),
            std=tuple(values["std"]),
            interpolation=values["interpolation"],
            values=tuple(values.get("values", UNIT)),
        )

    @property
    def channels(self) -> int:
        """How many channels are read: 3, or 1 of grey."""
        return len(self.mean)

    @property
    def light(self) -> float:
        """By what a change of brightness is multiplied."""
        return light_of(self.std, self.values)

    @property
    def hash(self) -> str:
        """Name these values exactly."""
        return json_hash(self.to_dict())

    def __call__(self, image: Image.Image) -> Tensor:
        """Return the pixels [channels, height, width] in float32, normalised."""
        return normalised(self.resized(image), mean=self.mean, std=self.std, values=self.values)

    def resized(self, image: Image.Image) -> Image.Image:
        """Return the image at the size that is read, with the channels that are."""
        height, width = self.size
        if image.size != (width, height):
            image = image.resize((width, height), RESAMPLING[self.interpolation])
        return image.convert(MODES[self.channels])

    def bytes_of(self, image: Image.Image) -> NDArray[np.uint8]:
        """Return the pixels [channels, height, width] as bytes, resized and not normalised."""
        pixels = np.asarray(self.resized(image), dtype=np.uint8)
        return np.ascontiguousarray(pixels.reshape(*self.size, self.channels).transpose(2, 0, 1))


class ImageExamples:
    """Rows of images as model inputs, opened and prepared when they are asked for.

    `augment` mirrors the image in one of the four ways that keep its pixels and its upright directions (a camera on a
    line is mounted once: parts do not turn by quarters), and changes brightness and contrast by at most a tenth. It
    mirrors none unless `mirrored`.
    """

    def __init__(
        self,
        paths: Sequence[str],
        ids: Sequence[str],
        fingerprints: Sequence[str],
        *,
        preprocessing: ImagePreprocessing,
        open_image: Callable[[str], Image.Image],
        mirrored: bool = True,
    ) -> None:
        self.paths, self.ids, self.fingerprints, self.mirrored = paths, ids, fingerprints, mirrored
        self.preprocessing, self.open_image = preprocessing, open_image

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def lengths(self) -> None:
        """Images of one backbone all have one size."""
        return None

    def batch(self, rows: Sequence[int], augment: np.random.Generator | None = None) -> dict[str, Tensor]:
        """Return `pixel_values` [batch, channels, height, width]."""
        pixels = [self.preprocessing(self.open_image(self.paths[row])) for row in rows]
        if augment is not None:
            light = self.preprocessing.light
            pixels = [augmented(image, augment, mirrored=self.mirrored, light=light) for image in pixels]
        return {"pixel_values": torch.stack(pixels).contiguous(memory_format=torch.channels_last)}


def augmented(pixels: Tensor, random: np.random.Generator, *, mirrored: bool = True, light: float = 1.0) -> Tensor:
    """Return [channels, (depth,) height, width] slightly relit and, where `mirrored`, mirrored; no pixel is cut away.

    Brightness changes by up to a tenth of `light`.
    """
    for axis in (-2, -1) if mirrored else ():
        if random.random() < 0.5:
            pixels = pixels.flip(axis)
    contrast, brightness = random.uniform(0.9, 1.1), random.uniform(-0.1, 0.1)
    return pixels * contrast + brightness * light
