"""Measure pages with selected values of a tree against the same pages without a selection.

A query is requested three times, in random order: with nothing selected, with a region and three
countries, and with a hundred values.
"""

import random
from collections.abc import Callable, Mapping

import msgspec
import numpy as np

from benchmarks.speed import generated, machine, pages
from benchmarks.speed.results import Trees
from benchmarks.speed.workplace import Workplace
from indexer.jobs import build

PUBLICATIONS, PAIRS = 60_000, 200
Selected = list[tuple[str, str]]
NOTHING, FOUR, HUNDRED = "nothing", "a region and three countries", "a hundred values"


def measure(work: Workplace) -> Trees:
    """Request all pages of all queries once."""
    size, folder = min(PUBLICATIONS, work.size), work.folder / "generated"
    setting = machine.setting("generated publications", size)
    corpus = generated.write(folder / "corpus", size)
    build.build(corpus, folder / "index")
    with (corpus / "publications.jsonl").open("rb") as lines:
        titles = [msgspec.json.decode(line)["title"] for line in lines]
    texts = pages.searches(titles, min(PAIRS, work.plan.queries), work.plan.seed)
    drawer = random.Random(work.plan.seed)
    asked = [
        (name, pages.path(text, drawn(drawer)))
        for text in texts
        for name, drawn in drawer.sample(list(SELECTED.items()), len(SELECTED))
    ]
    found = pages.requested(folder / "index", [path for _, path in asked], folder)
    taken: dict[str, list[float]] = {name: [] for name in SELECTED}
    for (name, _), each in zip(asked, found.taken, strict=True):
        taken[name].append(each)
    part = Trees(setting, generated.REGIONS + generated.COUNTRIES, len(texts), *_compared(taken))
    told = ", ".join(f"{name} {times:.2f}-fold" for name, times in part.ratios.items())
    work.tell(f"time of a page with selected values, compared with one without: {told}")
    return part


def _compared(taken: Mapping[str, list[float]]) -> tuple[dict[str, float], dict[str, float]]:
    """Return the median of each kind of page, and of its ratio to the page without a selection."""
    plain = np.array(taken[NOTHING])
    medians = {name: round(float(np.median(each)), 3) for name, each in taken.items()}
    ratios = {
        name: round(float(np.median(np.array(each) / plain)), 3)
        for name, each in taken.items() if name != NOTHING
    }  # fmt: skip
    return medians, ratios


def _drawn(drawer: random.Random, regions: int, countries: int) -> Selected:
    return [
        *(("region", each) for each in drawer.sample(generated.regions(), regions)),
        *(("country", each) for each in drawer.sample(generated.countries(), countries)),
    ]


SELECTED: Mapping[str, Callable[[random.Random], Selected]] = {
    NOTHING: lambda _: [],
    FOUR: lambda drawer: _drawn(drawer, 1, 3),
    HUNDRED: lambda drawer: _drawn(drawer, 4, 96),
}
"""The selected values of each kind of page."""
