"""Damage to an index is found before anything is read of what is damaged."""

from __future__ import annotations

import pytest

from tests.robustness import damage
from tests.robustness.place import Place
from tests.robustness.progress import Counts, chance

SAMPLE = 300


def test_all_damage_is_found(place: Place) -> None:
    """Bits, pages and ends that are gone are found in every file, and it is told what to do."""
    place.restore()
    every, counts = damage.files(place), Counts()
    assert {each.name for each in every} >= {"CURRENT", "manifest.json", "manifest.sha256"}
    for number in range(SAMPLE):
        file = every[number % len(every)]
        counts.add(damage.damage(place, file, chance(1, "quick damage", number)))
    assert counts.wrong == []
    assert counts.faults == SAMPLE


@pytest.mark.parametrize("bit", range(8))
def test_a_bit_of_the_pointer_leads_to_no_other_generation(bit: int, place: Place) -> None:
    """No single bit of CURRENT makes another generation live, however quickly it was built."""
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
