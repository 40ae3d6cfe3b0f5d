"""The shapes of countries, and the part of the world that a map shows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_app.presentation.country_shapes import ASPECT, LAND, World, choose_world, load_worlds

CODES = sorted(load_worlds()[0].countries.keys() - {LAND})
LINKED = st.sets(st.sampled_from(CODES), min_size=1, max_size=5)


@given(members=st.sets(st.sampled_from([*CODES, "ZZ"]), max_size=60), linked=LINKED)
def test_each_linked_country_is_on_the_map(members: set[str], linked: set[str]) -> None:
    """The middle of each linked country is on the map, whatever the other countries are."""
    world, frame = choose_world(members, linked)
    for code in linked:
        x, y = world.countries[code][0].middle
        assert frame.left <= x <= frame.left + frame.width, code
        assert frame.top <= y <= frame.top + frame.height, code
    assert frame.width / frame.height == pytest.approx(ASPECT, rel=0.02)


def test_the_world_has_the_same_countries_in_each_detail() -> None:
    """Each detail has the same countries, from the finest to the coarsest."""
    worlds = load_worlds()
    assert [set(world.countries) for world in worlds] == [set(worlds[0].countries)] * len(worlds)
    assert sorted(worlds, key=lambda world: -world.width) == [*worlds]


def test_a_map_of_one_region_leaves_other_continents_out() -> None:
    """The map of South Asia shows Pakistan, and neither Brazil nor Australia."""
    world, frame = choose_world(["BD", "BT", "IN", "LK", "MV", "NP"], ["IN"])
    assert frame.shows(world.countries["PK"][0])
    assert not frame.shows(world.countries["BR"][0])
    assert not frame.shows(world.countries["AU"][0])


def test_a_map_has_more_detail_if_it_shows_less() -> None:
    """The map of one country has finer shapes than the map of the world."""
    assert choose_world([], ["IN"])[0].width > choose_world(CODES, CODES)[0].width


def test_islands_without_hits_are_left_out() -> None:
    """Fiji is on a map of Australia only if it has hits."""
    world, frame = choose_world(["AU", "FJ"], ["AU"])
    assert not frame.shows(world.countries["FJ"][0])
    world, frame = choose_world(["AU", "FJ"], ["AU", "FJ"])
    assert frame.shows(world.countries["FJ"][0])


@pytest.mark.parametrize("world", load_worlds(), ids=lambda world: str(world.width))
def test_islands_of_the_pacific_are_next_to_each_other(world: World) -> None:
    """French Polynesia is east of Fiji, and Hawaii's country is west of it."""
    fiji, polynesia, states = (world.countries[code][0].middle[0] for code in ("FJ", "PF", "US"))
    assert states < fiji < polynesia
