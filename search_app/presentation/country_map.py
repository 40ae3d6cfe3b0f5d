"""The map of the countries of the selected regions, or of all, by their number of publications."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from math import dist, inf

import msgspec

from indexer.catalogue.fields import Catalogue
from search_app.i18n.translation import format_number, ngettext
from search_app.presentation.country_shapes import (
    Frame,
    Shape,
    World,
    choose_world,
    load_worlds,
)
from search_app.presentation.facet_panel import FacetGroup
from search_app.presentation.facet_rows import FacetRow
from search_app.presentation.html import Html

STEPS = (1, 2, 3, 5, 10)
"""The least number of publications of each color of the map, as the legend in `_map.html` says."""
PHONE_WIDTH = 320
"""Width in pixels of a map on a small phone. Other maps are larger."""
DOT_RADIUS = 4
"""Radius in pixels of the circle for a country that is smaller than it, on a small phone."""
TARGET_RADIUS = 12
"""Radius in pixels of the target of a small country, on a small phone."""


class MapCountry(msgspec.Struct, frozen=True, gc=False):
    """A country on the map: its row in the facet, the step of its color from 1, and its shape.

    `shape` and `target` are the attributes of SVG elements. `is_dot` tells whether `shape` belongs
    to a circle in place of a path. `target` belongs to an invisible circle around a small country,
    which is easier to hit. It is empty for a large country.
    """

    row: FacetRow
    step: int
    shape: Html
    is_dot: bool
    target: Html


class CountryMap(msgspec.Struct, frozen=True):
    """A map: its label, the attribute `viewBox`, the path of the land, and the linked countries."""

    label: str
    view_box: Html
    land: Html
    countries: tuple[MapCountry, ...]


def make_country_map(
    groups: Iterable[FacetGroup], catalogue: Catalogue, *, has_all: bool = False
) -> CountryMap | None:
    """Return the map of the regions that are selected, or of which a country is, or of all.

    Return None if there are none, or if no country in them has hits.
    """
    facets = {name for name, child in catalogue.children.items() if child.kind == "country"}
    opened = [
        row for group in groups if group.name in facets for row in group.rows
        if has_all or row.selected or any(child.selected for child in row.children)
    ]  # fmt: skip
    known = load_worlds()[0].countries
    linked = {
        row.value: row for region in opened for row in region.children
        if row.count and not row.excluded and row.value in known
    }  # fmt: skip
    if not linked:
        return None
    regions = {region.value for region in opened}
    members = {
        code for code, parents in catalogue.groups.items() if not regions.isdisjoint(parents)
    }
    world, frame = choose_world(members, linked.keys())
    message = ngettext("Map: %(number)s country", "Map: %(number)s countries", len(linked))
    return CountryMap(
        message % {"number": format_number(len(linked))},
        Html(f"{frame.left} {frame.top} {frame.width} {frame.height}"),
        _draw([code for code in world.countries if code not in linked], world, frame),
        tuple(_place_countries(linked, world, frame)),
    )


def _draw(codes: Iterable[str], world: World, frame: Frame) -> Html:
    """Return the path of all polygons of some countries that are on the map."""
    return Html("".join([
        shape.path for code in codes for shape in world.countries[code] if frame.shows(shape)
    ]))  # fmt: skip


def _place_countries(rows: dict[str, FacetRow], world: World, frame: Frame) -> Iterator[MapCountry]:
    """Yield the linked countries. Small ones are last, so that no other covers their targets."""
    pixel = frame.width / PHONE_WIDTH
    main = {code: world.countries[code][0] for code in rows}
    small = {code: main[code] for code in rows if main[code].size < 2 * TARGET_RADIUS * pixel}
    for code in [*(code for code in rows if code not in small), *small]:
        step = bisect_right(STEPS, rows[code].count)
        target = _make_target(code, small, pixel) if code in small else Html("")
        if is_dot := main[code].size < 2 * DOT_RADIUS * pixel:
            shape = _make_circle(main[code], DOT_RADIUS * pixel)
        else:
            shape = Html(f'd="{_draw([code], world, frame)}"')
        yield MapCountry(rows[code], step, shape, is_dot, target)


def _make_target(code: str, small: dict[str, Shape], pixel: float) -> Html:
    """Return the circle around a small country that ends halfway to the next one."""
    middle = small[code].middle
    nearest = min([dist(middle, small[other].middle) for other in small if other != code] or [inf])
    return _make_circle(small[code], min(TARGET_RADIUS * pixel, nearest / 2))


def _make_circle(shape: Shape, radius: float) -> Html:
    x, y = shape.middle
    return Html(f'cx="{x:g}" cy="{y:g}" r="{radius:.1f}"')
