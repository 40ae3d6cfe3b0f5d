"""Damage to an index is detected before damaged data is read."""

from __future__ import annotations

import pytest

from tests.robustness import damage
from tests.robustness.place import Place
from tests.robustness.progress import Counts, chance

SAMPLE = 300


def test_all_damage_is_detected(place: Place) -> None:
    """Flipped bits, zeroed pages, and truncations are detected in every file, with a hint."""
    place.restore()
    every, counts = damage.files(place), Counts()
    assert {each.name for each in every} >= {
        "CURRENT", "manifest.json", "manifest.sha256", "retired.zst",
    }  # fmt: skip
    for number in range(SAMPLE):
        file = every[number % len(every)]
        counts.add(damage.damage(place, file, chance(1, "quick damage", number)))
    assert counts.wrong == []
    assert counts.faults == SAMPLE


@pytest.mark.parametrize("bit", range(8))
def test_no_bit_flip_of_current_selects_another_generation(bit: int, place: Place) -> None:
    """No single flipped bit of CURRENT makes another generation live."""
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
