"""The map of the countries of the selected regions, or of all, by their number of publications.

The shapes are in the Equal Earth projection. `tools/world_map.py` makes them of a public atlas.
`third_party/world_atlas/` has the result and the license.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable
from functools import cache
from math import dist, inf
from pathlib import Path

import msgspec
from markupsafe import Markup

from indexer.catalogue.fields import Catalogue
from search_app.engine.results import Bucket
from search_app.i18n.translation import format_number, ngettext
from search_app.presentation.facets import FacetGroup, FacetValues
from search_app.presentation.html import Html, safe

COLOR_STEPS = (1, 2, 3, 5, 10)
"""The least number of publications of each color of the map, as the legend in `_map.html` says."""
PHONE_WIDTH = 320
"""Width in pixels of a map on a small phone. Other maps are larger."""
DOT_RADIUS = 4
"""Radius in pixels of the circle for a country that is smaller than it, on a small phone."""
TARGET_RADIUS = 12
"""Radius in pixels of the target of a small country, on a small phone."""
_FILE = Path(__file__).parent / "third_party" / "world_atlas" / "shapes.json"
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

    Land without a code is under "". `width` is the width of the world in the units of the shapes.
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


class CountryMap(msgspec.Struct, frozen=True):
    """A map: its label, the attribute `viewBox`, and its land and linked countries as SVG."""

    label: str
    view_box: str
    shapes: Markup


def make_country_map(
    groups: Iterable[FacetGroup], catalogue: Catalogue, *, has_all: bool = False
) -> CountryMap | None:
    """Return the map of the regions that are selected, or of which a country is, or of all.

    Return None if there are none, or if no country in them has hits.
    """
    facets = {name for name, child in catalogue.children.items() if child.kind == "country"}
    opened = [
        (region, group.values)
        for group in groups
        if group.name in facets
        for region in group.buckets
        if has_all or region.selected or any(child.selected for child in region.children)
    ]
    if not opened:
        return None
    known = load_worlds()[0].countries
    linked = {
        country.value: _Linked(country, region, values)
        for region, values in opened
        for country in region.children
        if country.count and not country.excluded and country.value in known
    }
    if not linked:
        return None
    regions = {region.value for region, _ in opened}
    members = {
        code for code, parents in catalogue.groups.items() if not regions.isdisjoint(parents)
    }
    world, frame = choose_world(members, linked.keys())
    message = ngettext("Map: %(number)s country", "Map: %(number)s countries", len(linked))
    return CountryMap(
        message % {"number": format_number(len(linked))},
        f"{frame.left} {frame.top} {frame.width} {frame.height}",
        safe(_draw_countries(linked, world, frame)),
    )


class _Linked(msgspec.Struct, frozen=True):
    """A country with a link, the region in whose list it is, and what makes its link."""

    country: Bucket
    region: Bucket
    values: FacetValues

    def render(self, shape: str) -> str:
        country, action = self.country, self.values.action(self.country)
        current = ' aria-current="true"' if country.selected else ""
        return (
            f'<a class="k{bisect_right(COLOR_STEPS, country.count)}" '
            f'href="{self.values.href(country)}" aria-label="{action}" '
            f'data-key="map {self.values.key(country, self.region.value)}"{current} '
            f'rel="nofollow">\n<title>{action}</title>\n{shape}\n</a>\n'
        )


def _draw_countries(linked: dict[str, _Linked], world: World, frame: Frame) -> Html:
    """Return the land, and the linked countries.

    Small countries are last, so that no other covers the circles around them, which are easier to
    hit. The smallest are dots.
    """
    land = _draw_path([code for code in world.countries if code not in linked], world, frame)
    pixel = frame.width / PHONE_WIDTH
    main = {code: world.countries[code][0] for code in linked}
    small = {code: main[code] for code in linked if main[code].size < 2 * TARGET_RADIUS * pixel}
    parts = [f'<path class="land" d="{land}"/>\n']
    for code in [*(code for code in linked if code not in small), *small]:
        target = ""
        if code in small:
            target = _draw_circle(main[code], _get_target_radius(code, small, pixel), "target")
        if main[code].size < 2 * DOT_RADIUS * pixel:
            shape = _draw_circle(main[code], DOT_RADIUS * pixel)
        else:
            shape = f'<path d="{_draw_path([code], world, frame)}"/>'
        parts.append(linked[code].render(f"{target}{shape}"))
    return Html("".join(parts))


def _draw_path(codes: Iterable[str], world: World, frame: Frame) -> str:
    """Return the path of all polygons of some countries that are on the map."""
    shapes = (shape for code in codes for shape in world.countries[code])
    return "".join([shape.path for shape in shapes if frame.shows(shape)])


def _get_target_radius(code: str, small: dict[str, Shape], pixel: float) -> float:
    """Return the radius of the circle around a small country that ends halfway to the next one."""
    middle = small[code].middle
    nearest = min([dist(middle, small[other].middle) for other in small if other != code] or [inf])
    return min(TARGET_RADIUS * pixel, nearest / 2)


def _draw_circle(shape: Shape, radius: float, kind: str = "") -> str:
    x, y = shape.middle
    name = f'class="{kind}" ' if kind else ""
    return f'<circle {name}cx="{x:g}" cy="{y:g}" r="{radius:.1f}"/>'
