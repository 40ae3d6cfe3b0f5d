"""The shapes of countries on a world map, in the Equal Earth projection.

`tools/world_map.py` makes them of a public atlas. `third_party/world_atlas/` has the result and the
license.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from pathlib import Path

import msgspec

_FILE = Path(__file__).parent / "third_party" / "world_atlas" / "shapes.json"
LAND = ""
"""The code of land that has no code in ISO 3166."""
ASPECT = 5 / 3
"""Width of a map divided by its height."""
MIN_WIDTH = 0.05
"""Smallest width of a map, as a part of the width of the world. Below it, shapes are too coarse."""
MAX_UNITS = 2500
"""Largest width of a map in the units of its shapes, if there are coarser shapes: about five units
per pixel. A detail of the shapes is then as large as a pixel."""
MIN_SIZE = 0.01
"""Size of a country that must be on the map if it has no link, as a part of the width of the world.
Without it, small islands would fill most of a map with sea."""
REACH = 0.06
"""Distance from the middle of a country to the end of what must be on the map, as a part of the
width of the world. Without it, Russia would take most of a map of Europe."""
MARGIN = 1.06
"""Width of a map divided by the width of what must be on it."""


class Shape(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A polygon: its bounds, and the data of its SVG path, empty if it is only a point."""

    left: float
    top: float
    right: float
    bottom: float
    path: str

    @property
    def size(self) -> float:
        """The larger side of its bounds."""
        return max(self.right - self.left, self.bottom - self.top)

    @property
    def middle(self) -> tuple[float, float]:
        """The middle of its bounds."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


class Frame(msgspec.Struct, frozen=True):
    """The part of the world that a map shows, in the units of its shapes."""

    left: float
    top: float
    width: float
    height: float

    def shows(self, shape: Shape) -> bool:
        """Return whether some of a polygon is on the map."""
        return (
            shape.left < self.left + self.width
            and shape.right > self.left
            and shape.top < self.top + self.height
            and shape.bottom > self.top
        )


class World(msgspec.Struct, frozen=True):
    """The polygons of each country by its ISO 3166-1 code, the largest polygon first.

    `width` is the width of the world in the units of the shapes.
    """

    width: int
    countries: dict[str, tuple[Shape, ...]]

    def make_frame(self, codes: Collection[str], linked: Collection[str]) -> Frame:
        """Return the frame of a map of some countries and of the `linked` ones, at least one.

        The largest polygon of a country is in it, as far as REACH allows. Small countries that are
        not linked may be outside.
        """
        reach = REACH * self.width
        main = [self.countries[code][0] for code in linked]
        candidates = [self.countries[code][0] for code in codes if code in self.countries]
        main += [shape for shape in candidates if shape.size > MIN_SIZE * self.width]
        left = min([max(shape.left, shape.middle[0] - reach) for shape in main])
        right = max([min(shape.right, shape.middle[0] + reach) for shape in main])
        top = min([max(shape.top, shape.middle[1] - reach) for shape in main])
        bottom = max([min(shape.bottom, shape.middle[1] + reach) for shape in main])
        width = max(right - left, (bottom - top) * ASPECT) * MARGIN
        width = round(max(width, MIN_WIDTH * self.width))
        height = round(width / ASPECT)
        return Frame(
            round((left + right - width) / 2), round((top + bottom - height) / 2), width, height
        )


_DECODER = msgspec.json.Decoder(tuple[World, ...])
"""Made while the module loads, because msgspec can crash if two threads make the first at once."""


@cache
def load_worlds() -> tuple[World, ...]:
    """Return the world in some details, the finest first. All have the same countries."""
    return _DECODER.decode(_FILE.read_bytes())


def choose_world(codes: Collection[str], linked: Collection[str]) -> tuple[World, Frame]:
    """Return the shapes and the frame for a map of some countries, as `World.make_frame` does."""
    *finer, coarsest = load_worlds()
    for world in finer:
        frame = world.make_frame(codes, linked)
        if frame.width <= MAX_UNITS:
            return world, frame
    return coarsest, coarsest.make_frame(codes, linked)
