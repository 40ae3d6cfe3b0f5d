"""Editions of one title: which publications are grouped and which are not."""

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue.records import Publication, SourceLocation
from indexer.codec.segment import editions
from indexer.generations import directory
from search_app.engine import Engine
from search_app.engine.snapshot.snapshot import Snapshot
from tests.search_app.engine.arrays import below
from tests.search_app.engine.catalogues import index

GLOBAL_REPORTS = {
    f"global-report-on-trafficking-in-persons-{year}" for year in (2009, 2012, 2014, 2016, 2018)
}
SMUGGLING_IN_ASIA = {
    "migrant-smuggling-in-asia-current-trends-and-related-challenges-2015",
    "migrant-smuggling-in-asia-and-the-pacific-current-trends-and-related-challenges-volume-ii-2018",
}


def snapshot_of(made: Sequence[Publication], folder: Path) -> Snapshot:
    return Snapshot(directory.load_live(index(folder, made)))


def titled(titles: Sequence[str], section: str = "Papers", year: int = 2004) -> list[Publication]:
    return [
        Publication(
            id=f"p{number}", title=title, source=SourceLocation("made", number + 1),
            values={"section": (section,), "year": (year,)},
        )
        for number, title in enumerate(titles)
    ]  # fmt: skip


def families(snapshot: Snapshot) -> set[frozenset[int]]:
    everything = range(snapshot.size)
    found = {frozenset([n, *snapshot.editions.find_others(n).tolist()]) for n in everything}
    return {each for each in found if len(each) > 1}


def test_the_catalogue_has_two_families_of_editions(catalogue_engine: Engine) -> None:
    """The catalogue has two families: five global reports and two volumes on Asia."""
    snapshot = below.snapshot_of(catalogue_engine.get_searcher())
    ids = snapshot.segment.docstore.all_ids
    found = [{ids[number] for number in family} for family in families(snapshot)]
    assert sorted(found, key=len) == [SMUGGLING_IN_ASIA, GLOBAL_REPORTS]


EDITIONS = (
    ("Global Report on Trafficking in Persons", "Global report on trafficking in persons"),
    ("Annual Report on Border Law 2003", "Annual Report on Border Law 2004"),
    ("Handbook for Border Police, 2nd Edition", "Handbook for Border Police"),
    ("Handbook for Border Police (Revised Edition)", "Handbook for Border Police"),
    ("Proceedings of the Second Workshop on Law", "Proceedings of the Third Workshop on Law"),
    ("Border News of the Police, no. 3", "Border News of the Police, no. 17"),
    ("Manual for Border Police, Volume I", "Manual for Border Police, Volume II"),
    ("Manual for Police, Part One: Law", "Manual for Police, Part 2: Law"),
    ("Results of the LAW04 Shared Task", "Results of the Shared Task"),
    ("Smuggling in Asia and the West: Trends, Law, Vol. II", "Smuggling in Asia: Trends, Law"),
)
"""Titles that differ only in years, ordinals, editions, volumes, or numbers."""
OTHERS = (
    ("Introduction", "Introduction"),
    ("Border Law", "Border Law 2003"),
    ("Issue Paper: Smuggling by Sea", "Issue Paper: Smuggling by Air"),
    ("Smuggling from North: A study on West", "Smuggling from North: A study on East"),
    ("Manual for Training Border Police, Volume II", "Manual for Border Police"),
    ("Report on Border Police and Law", "Report on Border Police and Law by One Author"),
    ("Smuggling in Asia and the West: Trends and Law", "Smuggling in Asia: Trends and Law"),
    ("Manual for Police: Part of the Law", "Manual for Police: of the Law"),
    ("Results of the LAW03 Shared Task", "Results of the Shared Task"),
)
"""Titles of few words, and titles that differ in a word."""


@pytest.mark.parametrize(("one", "other"), EDITIONS + OTHERS)
def test_titles_that_differ_only_in_edition_marks_are_editions(
    one: str, other: str, tmp_path: Path
) -> None:
    expected = {frozenset({0, 1})} if (one, other) in EDITIONS else set()
    assert families(snapshot_of(titled([one, other]), tmp_path)) == expected


def test_a_film_is_not_an_edition_of_a_paper(tmp_path: Path) -> None:
    (paper,) = titled(["Trafficking across Northern Border Rivers"])
    film = msgspec.structs.replace(paper, id="film", values={"section": ("Films",)})
    again = msgspec.structs.replace(paper, id="again")
    found = families(snapshot_of([paper, film, again], tmp_path))
    assert found == {frozenset({0, 2})}


def test_a_number_that_starts_a_title_is_not_part_of_the_title_before(tmp_path: Path) -> None:
    manual = "Manual for Training Border Police"
    assert families(snapshot_of(titled([f"{manual}: Part", "1 Law", manual]), tmp_path)) == set()


def test_edition_words_of_another_language_are_recognized(tmp_path: Path) -> None:
    made = [
        msgspec.structs.replace(each, lang="es")
        for each in titled(["Manual sobre trata de personas e investigación"] * 2)
    ]
    made[1] = msgspec.structs.replace(made[1], title=f"{made[1].title}, edición 2004, volumen 2")
    assert families(snapshot_of(made, tmp_path)) == {frozenset({0, 1})}


def test_a_title_of_too_many_publications_makes_no_editions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editions, "MAX_EDITIONS", 3)
    made = titled(["Minutes of the Border Police Meeting"] * 4 + ["Minutes of the Law Meeting, 1"])
    assert families(snapshot_of(made, tmp_path / "four")) == set()
    assert families(snapshot_of(made[1:], tmp_path / "three")) == {frozenset({0, 1, 2})}


WORDS = tuple("Border Law Police the of Manual 2003 2012 2nd Third 7 x04".split())
VOLUMES = ("edition", "Volume II", "part 1", "revised")


def titles(words: Sequence[str]) -> st.SearchStrategy[list[str]]:
    made = st.lists(st.sampled_from(words), min_size=3, max_size=6).map(" ".join)
    return st.lists(made | st.sampled_from(["Border Law Police Manual"]), max_size=30)


def twin(made: Sequence[Publication]) -> set[frozenset[int]]:
    """Return the expected families of titles without volumes, of publications of 2004."""
    same = defaultdict(list)
    for number, each in enumerate(made):
        words = each.title.lower().split()
        left = tuple(w for w in words if not re.fullmatch(r"20\d\d|2nd|third|x04", w))
        same[left].append((number, left != tuple(words)))
    found = set()
    for left, members in same.items():
        own = sum(word not in ("the", "of") for word in left)
        tells = any(is_told for _, is_told in members)
        if len(members) > 1 and own + tells >= 4:
            found.add(frozenset(number for number, _ in members))
    return found


@given(titles=titles(WORDS))
def test_titles_with_the_same_remaining_words_are_editions(
    titles: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = titled(titles)
    assert families(snapshot_of(made, tmp_path_factory.mktemp("index"))) == twin(made)


@given(titles=titles((*WORDS, *VOLUMES)))
def test_editions_are_mutual(titles: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    snapshot = snapshot_of(titled(titles), tmp_path_factory.mktemp("index"))
    for number in range(snapshot.size):
        others = snapshot.editions.find_others(number).tolist()
        assert number not in others
        for other in others:
            assert {other, *snapshot.editions.find_others(other).tolist()} == {number, *others}
    assert snapshot.editions.count_titles(snapshot.everything) == snapshot.size - sum(
        len(family) - 1 for family in families(snapshot)
    )
