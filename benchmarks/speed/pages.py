"""Measure the search page: the first request of distinct searches in a new process."""

import random
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlencode

import numpy as np

from benchmarks.speed import fresh, machine, papers
from benchmarks.speed.paging import Asked
from benchmarks.speed.results import Pages
from benchmarks.speed.workplace import Workplace
from indexer.jobs import build

CATALOGUE = Path(__file__).parents[1] / "papers" / "catalogue.toml"
SEARCHES = 1000
MOST_WORDS = 3
"""A search has one to three words of a title."""


def measure(work: Workplace) -> Pages:
    """Request each page once, on the papers with all their facets."""
    setting = machine.setting(work.plan.file.name, work.size)
    titles = [paper.title for paper in papers.read(work.lines)]
    texts = searches(titles, min(SEARCHES, 2 * work.plan.queries), work.plan.seed)
    asked = requested(make_index(work), [path(text) for text in texts], work.folder)
    taken = np.array(asked.taken)
    part = Pages(
        setting,
        searches=len(texts),
        median=round(float(np.median(taken)), 3),
        p95=round(float(np.percentile(taken, 95)), 3),
        worst=round(float(taken.max()), 3),
        accounted=round(float(np.sum(asked.accounted) / taken.sum()), 4),
    )
    work.tell(
        f"page: median {part.median:.2f} ms, p95 {part.p95:.2f} ms, explained by Server-Timing "
        f"{part.accounted:.1%}"
    )
    return part


def searches(titles: Sequence[str], number: int, seed: int) -> list[str]:
    """Return distinct searches of one to three words of a title, fewer if the titles are short."""
    drawer = random.Random(seed)
    words = [found for title in titles if (found := re.findall(r"[A-Za-z]{3,}", title.lower()))]
    drawn: dict[str, None] = {}
    for _ in range(20 * number):
        of = drawer.choice(words)
        drawn[" ".join(drawer.sample(of, min(len(of), drawer.randint(1, MOST_WORDS))))] = None
        if len(drawn) == number:
            break
    return list(drawn)


def path(text: str, selected: Sequence[tuple[str, str]] = ()) -> str:
    """Return the URL path of a search page."""
    return f"/?{urlencode([('q', text), *selected])}"


def requested(index: Path, paths: Sequence[str], folder: Path) -> Asked:
    """Request pages in a new process."""
    listed = folder / "pages.txt"
    listed.write_text("\n".join(paths), encoding="utf-8")
    return fresh.run(Asked, index, listed, module="paging")[0]


def make_index(work: Workplace) -> Path:
    """Build the index of the papers with all their facets unless it exists."""
    corpus, index = work.folder / "pages-corpus", work.folder / "pages-index"
    if not index.exists():
        corpus.mkdir()
        shutil.copy(CATALOGUE, corpus / "catalogue.toml")
        (corpus / "papers.jsonl").hardlink_to(work.lines)  # links out of a corpus are not read
        build.build(corpus, index)
    return index
