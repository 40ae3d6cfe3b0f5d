"""Damage to an index is detected before damaged data is read: a flipped bit, a zeroed page, a cut.

The error says how to fix it.
"""

from pathlib import Path
from random import Random

import pytest

from indexer.generations import directory
from indexer.generations.manifest import IndexUnusable
from tests.robustness.place import IS_LONG, Place, chance, live

DAMAGES = 10_000 if IS_LONG else 300
"""Number of damaged files."""
PAGE = 4096


def list_files(place: Place) -> list[Path]:
    folder = directory.load_live(place.index).folder
    own = sorted(each for each in folder.rglob("*") if each.is_file())
    return [place.index / directory.CURRENT, *own]


def spoil(data: bytes, chance: Random) -> bytes:
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


def find_silence(place: Place, file: Path) -> str:
    try:
        # Damage to CURRENT is harmless if it still names the same generation.
        if live(place.index) != place.old or file.name != directory.CURRENT:
            return "it was not found"
    except IndexUnusable as error:
        if "pubsearch build" not in error.hint:
            return f"nothing was said of what to do: {error}"
    except Exception as error:  # noqa: BLE001
        return f"it was met, not told: {error!r}"
    return ""


def test_all_damage_is_detected(place: Place) -> None:
    place.restore()
    files, wrong = list_files(place), list[str]()
    assert {each.name for each in files} >= {
        "CURRENT", "manifest.json", "manifest.sha256", "retired.zst",
    }  # fmt: skip
    for number in range(DAMAGES):
        file = files[number % len(files)]
        whole = file.read_bytes()
        file.write_bytes(spoil(whole, chance("damage", number)))
        if silence := find_silence(place, file):
            wrong.append(f"damage {number}, of {file.name}: {silence}")
        file.write_bytes(whole)
    assert wrong == []


@pytest.mark.parametrize("bit", range(8))
def test_no_bit_flip_of_current_selects_another_generation(bit: int, place: Place) -> None:
    place.restore()
    pointer = place.index / "CURRENT"
    whole = pointer.read_bytes()
    others = {each.name for each in (place.index / "generations").iterdir()} - {
        whole.decode().strip()
    }
    for at in range(len(whole)):
        spoilt = bytearray(whole)
        spoilt[at] ^= 1 << bit
        assert spoilt.decode(errors="replace").strip() not in others
