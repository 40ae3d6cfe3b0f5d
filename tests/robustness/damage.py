"""Damage files of an index: flip a bit, zero a page, or truncate the file.

Every damage must be detected before damaged data is read. The error must say how to fix it.
"""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from indexer.generations import directory
from indexer.generations.manifest import IndexUnusable
from tests.robustness.place import Place, live
from tests.robustness.progress import Case, Counts, chance

DAMAGES = 10_000
"""Number of damaged files in a full run."""
PAGE = 4096


def files(place: Place) -> list[Path]:
    """Return the live pointer file and all files of the live generation."""
    folder = directory.load_live(place.index).folder
    own = sorted(each for each in folder.rglob("*") if each.is_file())
    return [place.index / directory.CURRENT, *own]


def spoilt(data: bytes, chance: Random) -> bytes:
    """Return damaged bytes, which always differ from the original bytes."""
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
    """Damage a file, check that the damage is detected, and restore the file."""
    whole = file.read_bytes()
    file.write_bytes(spoilt(whole, chance))
    silent = None
    try:
        # Damage to CURRENT is harmless if it still names the same generation.
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


def damages(seed: int) -> Generator[Case, None, None]:
    """Damage each file in turn at random positions: one part of the torture run."""
    with TemporaryDirectory() as folder:
        place = Place(Path(folder) / "place")
        every = files(place)
        for number in range(DAMAGES):
            file, by_chance = every[number % len(every)], chance(seed, "damage", number)
            yield partial(damage, place, file, by_chance)
