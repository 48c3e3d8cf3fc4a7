"""The surface of a mask in pieces, each with its area: what distances between two masks are measured on.

The surface runs half way between voxels inside and outside. It is cut into the cells between the centres of 2 x 2
pixels or 2 x 2 x 2 voxels; a cell has a piece of surface where its corners are not all alike. This is the
construction of Nikolov et al. 2018, "Deep learning to achieve clinically applicable segmentation of head and neck
anatomy for radiotherapy", so that a large facet counts for more than a small one and spacing is respected in every
direction.
"""

from functools import lru_cache
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from acclimate.evaluation.metrics import Floats

Inside = NDArray[np.bool_]
Spacing = tuple[float, ...]
_Corner = tuple[int, ...]
_Point = tuple[float, ...]


def surface_distances(one: Inside, other: Inside, spacing_millimetres: Spacing) -> tuple[Floats, Floats]:
    """Return how far each piece of the surface of `one` is from the surface of `other`, and the size of each piece.

    Both are [pieces]: distances in millimetres, sizes in millimetres (2-D) or square millimetres (3-D). Masks are
    [rows, columns] or [slices, rows, columns], both not empty; what lies beyond their edge is outside.
    """
    first, second = _cells(one), _cells(other)
    whole = 2 ** (2**one.ndim) - 1
    border, other_border = (first > 0) & (first < whole), (second > 0) & (second < whole)
    away: Floats = distance_transform_edt(~other_border, sampling=spacing_millimetres)
    return away[border], _sizes(spacing_millimetres)[first[border]]


def _cells(inside: Inside) -> NDArray[np.int64]:
    """Return which corners of each cell are inside, as bits in the order of `_corners`; one cell more than voxels."""
    padded = np.pad(inside, 1).astype(np.int64)
    code = np.zeros([size + 1 for size in inside.shape], dtype=np.int64)
    for bit, corner in enumerate(_corners(inside.ndim)):
        code += padded[tuple(slice(at, at + size + 1) for at, size in zip(corner, inside.shape, strict=True))] << bit
    return code


def _corners(dimensions: int) -> list[_Corner]:
    return list(product((0, 1), repeat=dimensions))


@lru_cache(maxsize=64)
def _sizes(spacing_millimetres: Spacing) -> Floats:
    """Return the length or area of the surface in a cell for each of its 16 or 256 kinds."""
    measure = _length if len(spacing_millimetres) == 2 else _area
    spacing = np.asarray(spacing_millimetres)
    return np.array([sum(measure(each * spacing) for each in kind) for kind in _pieces(len(spacing_millimetres))])


@lru_cache
def _pieces(dimensions: int) -> list[list[Floats]]:
    """Return the lines or polygons in a cell of side 1 for each of its kinds, each as its points [points, axes]."""
    corners = _corners(dimensions)
    kinds = []
    for code in range(2 ** len(corners)):
        inside = {corner for bit, corner in enumerate(corners) if code >> bit & 1}
        if 2 * len(inside) > len(corners):  # the surface is the same from both sides
            inside = set(corners) - inside
        found = _segments(corners, inside) if dimensions == 2 else _loops(inside)
        kinds.append([np.array(points) for points in found])
    return kinds


def _segments(face: list[_Corner], inside: set[_Corner]) -> list[list[_Point]]:
    """Return the lines across one square between the middles of its edges; corners on a diagonal are kept apart."""
    edges = [pair for pair in combinations(face, 2) if sum(map(abs, np.subtract(*pair))) == 1]
    crossed = [pair for pair in edges if (pair[0] in inside) != (pair[1] in inside)]
    middle = {pair: tuple(float(at) for at in np.add(*pair) / 2) for pair in crossed}
    if len(crossed) == 2:
        return [[middle[crossed[0]], middle[crossed[1]]]]
    lines = []
    for corner in inside & set(face) if len(crossed) == 4 else ():
        lines.append([middle[pair] for pair in crossed if corner in pair])
    return lines


def _loops(inside: set[_Corner]) -> list[list[_Point]]:
    """Return the polygons in a cube, each as its points in turn, joined from the lines on its six faces."""
    lines = [
        line
        for axis, side in product(range(3), (0, 1))
        for line in _segments([corner for corner in _corners(3) if corner[axis] == side], inside)
    ]
    loops = []
    while lines:
        start, at = lines.pop()
        loop = [start]
        while at != start:
            loop.append(at)
            joined = next(line for line in lines if at in line)
            lines.remove(joined)
            at = joined[1] if joined[0] == at else joined[0]
        loops.append(loop)
    return loops


def _length(points: Floats) -> float:
    return float(np.linalg.norm(points[0] - points[1]))


def _area(points: Floats) -> float:
    """The area of a polygon as triangles around its middle."""
    rays = points - points.mean(axis=0)
    return float(np.linalg.norm(np.cross(rays, np.roll(rays, -1, axis=0)), axis=1).sum() / 2)
