"""A small site for robustness tests: a corpus, its index, the expected builds, and a reader.

`make torture` sets the variable `TORTURE` to a seed. The tests then try all cases, or many more.
"""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from random import Random

from indexer.catalogue import retired
from indexer.catalogue.retired import RETIRED_FILE, Retired
from indexer.generations import directory, publish
from indexer.generations.manifest import DATES, Generation
from indexer.jobs import build, verify
from search_app.engine import Engine
from search_app.engine.request import SearchRequest
from tests import samples

SEED = os.environ.get("TORTURE", "")
IS_LONG = bool(SEED)


def chance(part: str, number: int) -> Random:
    """Return the random generator of one case. It is the same in every run with this seed."""
    return Random(f"{SEED} {part} {number}")


Answer = tuple[int, tuple[str, ...], int]
"""The result of an empty query: the total, the titles, and the sum of one facet's counts."""


def contents(generation: Generation) -> str:
    """Return a digest of all files of a generation, independent of its build time."""
    files = generation.manifest.files.items()
    return sha256(repr(sorted(each for each in files if each[0] != DATES)).encode()).hexdigest()


def live(index: Path) -> str:
    """Return the digest of the live generation after checking every byte. Raise IndexUnusable."""
    return contents(directory.load_verified(index, directory.read_live_name(index)))


def answer(index: Path) -> Answer:
    """Return the result that a new reader gets."""
    found = Engine.open(index).search(SearchRequest(size=50, values=50))
    titles = tuple(sorted(hit.publication.title for hit in found.hits))
    return found.total, titles, sum(each.count for each in found.facets["section"])


class Place:
    """A corpus that changed since the live generation was built.

    The index has the maximum number of generations, and a retired id. `old` and `new` are the
    digests of the live generation and of the next one. `answers` contains the results that readers
    get from either.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.corpus, self.index = folder, folder / "corpus", folder / "index"
        self._before = folder / "before"
        samples.write_corpus(self.corpus)
        gone = Retired("gone", "A lost brief", datetime(2026, 1, 1, tzinfo=UTC))
        (self.corpus / RETIRED_FILE).write_text(retired.format_toml([gone]), encoding="utf-8")
        for number in range(publish.KEEP_GENERATIONS):
            line = samples.SMALL_LINES.replace("brief/6", f"brief/{number}")
            (self.corpus / f"more{number}.jsonl").write_text(line, encoding="utf-8")
            build.build(self.corpus, self._before)
        self.old, of_old = live(self._before), answer(self._before)
        news = samples.SMALL_LINES.replace("brief/6", "brief/new").replace("Issue", "Newest")
        (self.corpus / "new.jsonl").write_text(news, encoding="utf-8")
        self.restore()
        build.build(self.corpus, self.index)
        self.new, of_new = live(self.index), answer(self.index)
        self.answers = {of_old, of_new}
        self.restore()

    @property
    def arguments(self) -> list[object]:
        """The command-line arguments of the build."""
        return ["build", "--corpus", self.corpus, "--index", self.index]

    def restore(self) -> None:
        """Reset the index to its state before the corpus changed."""
        shutil.rmtree(self.index, ignore_errors=True)
        shutil.copytree(self._before, self.index)

    def standing(self) -> Iterator[str]:
        """Yield an error unless the live generation is intact and is the old or the new one."""
        try:
            if live(self.index) not in {self.old, self.new}:
                yield "what is live is neither the old index nor the new one"
        except Exception as error:  # noqa: BLE001  every error is reported
            yield f"lost: {error!r}"

    def recovery(self) -> Iterator[str]:
        """Yield the errors of the next build, which must publish the new corpus and clean up."""
        try:
            build.build(self.corpus, self.index)
            if live(self.index) != self.new:
                yield "the next build did not publish what is new"
            yield from self.unsound()
        except Exception as error:  # noqa: BLE001
            yield f"the next build failed: {error!r}"
        yield from self.leftovers()

    def unsound(self) -> Iterator[str]:
        """Yield the damaged generations on disk, live or not. Raise IndexMissing."""
        for each in verify.verify(self.index):
            if each.errors:
                yield f"{each.name}: {each.errors}"

    def leftovers(self, most: int = publish.KEEP_GENERATIONS) -> Iterator[str]:
        """Yield leftover files, and an error if more than `most` generations exist."""
        for each in (*self.index.glob("*.new"), *self.index.glob("generations/*.partial")):
            yield f"{each.name} was left"
        if (count := len(directory.list_names(self.index))) > most:
            yield f"there are {count} generations"

    @contextmanager
    def query_meanwhile(self, wrong: list[str]) -> Iterator[None]:
        """Query the index in a thread. Append responses that are neither old nor new to `wrong`."""
        done = threading.Event()

        def ask() -> None:
            while not done.is_set():
                try:
                    if (told := answer(self.index)) not in self.answers:
                        wrong.append(f"a reader was told {told}")
                except Exception as error:  # noqa: BLE001
                    wrong.append(f"a reader met {error!r}")

        reader = threading.Thread(target=ask)
        reader.start()
        try:
            yield
        finally:
            done.set()
            reader.join()
