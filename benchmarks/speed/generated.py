"""A generated catalogue with a tree of 250 values: 10 regions and their 240 countries."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

REGIONS, COUNTRIES = 10, 240
SHARED = 20
"""Every 20th country belongs to two regions."""
WORDS = 20_000
SEED = 20261126
_SYLLABLES = [first + second for first in "bdfgklmnprstvz" for second in ("a", "e", "io", "un")]
_ROWS = """\
title = "Generated"
description = "Publications with a tree, for benchmarks."

[[field]]
name = "title"
label = "Title"
kind = "text"
role = "title"
weight = 2.5
required = true

[[field]]
name = "summary"
label = "Abstract"
kind = "text"
role = "summary"
weight = 1.0

[[field]]
name = "section"
label = "Section"
fact = 1
facet = 1

[[field]]
name = "region"
label = "Region"
facet = 2
several = true

[[field]]
name = "country"
label = "Country"
fact = 2
several = true
parent = "region"
grouping = "regions.toml"

[[field]]
name = "year"
label = "Year"
fact = 3
kind = "year"
role = "date"
facet = 3
order = "descending"

[[field]]
name = "language"
label = "Language"
facet = 4
kind = "language"
several = true
"""


def regions() -> list[str]:
    """Return the upper values of the tree."""
    return [f"Region {number}" for number in range(1, REGIONS + 1)]


def countries() -> list[str]:
    """Return the lower values of the tree."""
    return [f"Country {number}" for number in range(1, COUNTRIES + 1)]


def write(folder: Path, size: int) -> Path:
    """Write a corpus of generated publications. The same size gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "catalogue.toml").write_text(_ROWS, encoding="utf-8")
    (folder / "regions.toml").write_text("\n".join(_grouping()), encoding="utf-8")
    with (folder / "publications.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(each)}\n" for each in _publications(size))
    return folder


def _grouping() -> Iterator[str]:
    yield "[regions]"
    for number, region in enumerate(regions()):
        below = [
            country for place, country in enumerate(countries())
            if place % REGIONS == number or (place % SHARED == 0 and place // SHARED == number)
        ]  # fmt: skip
        yield f"{json.dumps(region)} = {json.dumps(below)}"


def _publications(size: int) -> Iterator[dict[str, object]]:
    """Yield publications with a natural word distribution. One in ten has no country."""
    drawer = np.random.default_rng(SEED)
    words = np.array([_word(number) for number in range(WORDS)])
    frequency = 1 / np.arange(10, WORDS + 10)
    frequency /= frequency.sum()
    for number in range(size):
        title, summary = int(drawer.integers(5, 12)), int(drawer.integers(50, 110))
        drawn = words[drawer.choice(WORDS, title + summary, p=frequency)].tolist()
        of = min(int(drawer.geometric(0.6)), 5) if drawer.random() < 0.9 else 0
        languages = drawer.choice(["en", "fr", "es", "ar", "ru", "zh"], int(drawer.integers(1, 4)))
        yield {
            "id": f"g{number}",
            "title": " ".join(drawn[:title]).capitalize(),
            "summary": f"{' '.join(drawn[title:])}.",
            "section": f"Section {int(drawer.integers(1, 9))}",
            "region": [] if of else [f"Region {int(drawer.integers(1, REGIONS + 1))}"],
            "country": [
                f"Country {each + 1}" for each in set(drawer.integers(0, COUNTRIES, of).tolist())
            ],
            "year": int(drawer.integers(1985, 2025)),
            "language": sorted(set(languages.tolist())),
        }


def _word(number: int) -> str:
    """Return a unique word for each number. Smaller numbers give shorter words."""
    said = ""
    number += len(_SYLLABLES)
    while number:
        number, at = divmod(number, len(_SYLLABLES))
        said += _SYLLABLES[at]
    return said
