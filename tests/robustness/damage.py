"""Files of an index are damaged: a bit, a page of zeros, an end that is gone.

Every damage must be found before anything is read of what is damaged, and told with what to do.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from indexer.generations import directory
from indexer.generations.manifest import IndexUnusable
from tests.robustness.place import Place, live
from tests.robustness.progress import Budget, Counts, State, chance

DAMAGES = 10_000
"""How many files are damaged."""
PAGE = 4096


def files(place: Place) -> list[Path]:
    """The files by which readers find the live generation, and all of its own."""
    folder = directory.current(place.index).folder
    own = sorted(each for each in folder.rglob("*") if each.is_file())
    return [place.index / directory.CURRENT, *own]


def spoilt(data: bytes, chance: Random) -> bytes:
    """The bytes of a file with something wrong with them."""
    at = chance.randrange(len(data))
    page = at // PAGE * PAGE
    page_end = min(page + PAGE, len(data))
    spoilt = chance.choice([
        data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :],
        data[:page] + bytes(page_end - page) + data[page_end:],
        data[:at],
        b"",
    ])  # fmt: skip
    return spoilt if spoilt != data else data[:-1]


def damage(place: Place, file: Path, chance: Random) -> Counts:
    """Damages a file, and says whether that was found; then mends it."""
    whole = file.read_bytes()
    file.write_bytes(spoilt(whole, chance))
    silent = None
    try:
        # Of the pointer, what matters is where it leads.
        if live(place.index) != place.old or file.name != directory.CURRENT:
            silent = "it was not found"
    except IndexUnusable as error:
        if "pubsearch build" not in error.hint:
            silent = f"nothing was said of what to do: {error}"
    except Exception as error:  # noqa: BLE001
        silent = f"it was met, not told: {error!r}"
    finally:
        file.write_bytes(whole)
    wrong = [f"damage of {file.name}: {silent}"] if silent else []
    return Counts(faults=1, silent=bool(silent), wrong=wrong)


def damages(seed: int, budget: Budget, state: State) -> Counts:
    """A part of the torture: damage to each file in turn, by chance."""
    with TemporaryDirectory() as folder:
        place = Place(Path(folder) / "place")
        every = files(place)
        return budget.spend(
            state,
            DAMAGES,
            lambda n: damage(place, every[n % len(every)], chance(seed, "damage", n)),
        )
