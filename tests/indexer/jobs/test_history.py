"""Ids outlive their publications: they lead to another id, or say what was removed and when."""

import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue import catalogue_toml, retired
from indexer.catalogue.catalogue_toml import CatalogueError
from indexer.catalogue.records import Publication, SourceLocation, Value
from indexer.catalogue.retired import Retired
from indexer.codec.segment.reader import Segment
from indexer.generations import directory, manifest, publish
from indexer.generations.manifest import IndexOutdated
from indexer.jobs import build, build_stats, verify
from indexer.jobs.build_stats import Former, find_dates
from search_app.engine.local_index import open_searcher
from tests.samples import SMALL_CATALOGUE, SMALL_REGIONS

pytestmark = pytest.mark.slow

ATLAS: Mapping[str, object] = {
    "title": "Atlas of Roads", "year": 2014, "link": "https://example.org/atlas",
    "summary": "Maps of roads.",
}  # fmt: skip
GUIDE: Mapping[str, object] = {"title": "Guide to Rivers", "year": 2010, "country": "NP"}


@pytest.fixture
def place(corpus: Path, index: Path) -> tuple[Path, Path]:
    remake(corpus, index, ATLAS, GUIDE)
    return corpus, index


def write(corpus: Path, *entries: Mapping[str, object]) -> None:
    lines = (json.dumps({"section": "Papers", **entry}) for entry in entries)
    (corpus / "books.jsonl").write_text("\n".join(lines), encoding="utf-8")


def remake(corpus: Path, index: Path, *entries: Mapping[str, object], force: bool = False) -> None:
    """Build the corpus with these entries. Every generation must be undamaged."""
    write(corpus, *entries)
    build.build(corpus, index, force=force)
    assert [report.errors for report in verify.verify(index) if report.errors] == []


def read_successors(index: Path) -> dict[str, str]:
    entries = directory.load_live(index).read_retired()
    return {identity: entry.successor for identity, entry in entries.items()}


def test_a_removed_id_keeps_its_title_and_the_time(place: tuple[Path, Path]) -> None:
    started = datetime.now(UTC).replace(microsecond=0)
    remake(*place, ATLAS)
    entry = directory.load_live(place[1]).read_retired()["guide-to-rivers-2010"]
    assert (entry.title, entry.successor) == ("Guide to Rivers", "")
    assert entry.time is not None
    assert started <= entry.time <= datetime.now(UTC)


@pytest.mark.parametrize("force", [False, True])
def test_the_list_is_carried_on(place: tuple[Path, Path], force: bool) -> None:
    remake(*place, ATLAS)
    before = directory.load_live(place[1]).read_retired()
    for title in ("One", "Two", "Three", "Four"):
        remake(*place, ATLAS, {"title": title}, force=force)
    after = directory.load_live(place[1]).read_retired()
    assert after["guide-to-rivers-2010"] == before["guide-to-rivers-2010"]


def test_a_change_of_the_rows_keeps_the_list(place: tuple[Path, Path]) -> None:
    text = SMALL_CATALOGUE.replace("weight = 2.5", "weight = 3.0")
    (place[0] / "catalogue.toml").write_text(text, encoding="utf-8")
    remake(*place, {**ATLAS, "title": "Atlas of all Roads"})
    assert read_successors(place[1]) == {
        "atlas-of-roads-2014": "atlas-of-all-roads-2014",
        "guide-to-rivers-2010": "",
    }


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Atlas of the Roads"},
        {"year": 2015},
        {"id": "atlas"},
        {"id": "atlas", "summary": "All roads.", "link": "https://example.org/roads"},
        {"year": 2015, "summary": "All roads."},
        {"year": 2015, "link": "https://example.org/roads"},
    ],
    ids=["title", "year", "id", "id and texts", "year and abstract", "year and link"],
)
def test_a_changed_id_leads_to_the_new_one(
    place: tuple[Path, Path], change: dict[str, object]
) -> None:
    remake(*place, {**ATLAS, **change}, GUIDE)
    (entry,) = directory.load_live(place[1]).read_retired().values()
    assert entry.id == "atlas-of-roads-2014"
    assert entry.successor in place_ids(place[1])


def place_ids(index: Path) -> set[str]:
    return set(directory.load_live(index).read_digests())


@pytest.mark.parametrize(
    "others",
    [
        [{"title": "Bridges", "year": 2014, "country": "NP"}],
        [{**ATLAS, "title": "Bridges"}],
        [{**ATLAS, "id": "one"}, {**ATLAS, "id": "two"}],
        [{"title": "Atlas of Roads", "year": 2016}],
    ],
    ids=["another", "another title", "two copies", "another edition"],
)
def test_a_removed_id_leads_to_no_other_publication(
    place: tuple[Path, Path], others: list[Mapping[str, object]]
) -> None:
    """An id has no successor if a new publication is another one, or if two might be the same."""
    remake(*place, *others, GUIDE)
    assert read_successors(place[1]) == {"atlas-of-roads-2014": ""}


def test_a_publication_that_did_not_change_is_no_successor(place: tuple[Path, Path]) -> None:
    remake(*place, ATLAS, {**ATLAS, "id": "copy"}, GUIDE)
    remake(*place, ATLAS, GUIDE)
    assert read_successors(place[1]) == {"copy": ""}


def test_chains_lead_to_the_last_id(place: tuple[Path, Path]) -> None:
    for identity in ("second", "third"):
        remake(*place, {**ATLAS, "id": identity}, GUIDE)
    assert read_successors(place[1]) == {"atlas-of-roads-2014": "third", "second": "third"}
    remake(*place, GUIDE)
    entries = directory.load_live(place[1]).read_retired()
    assert {entry.successor for entry in entries.values()} == {""}
    assert entries["second"].time == entries["third"].time


def test_an_id_that_comes_back_is_not_retired(place: tuple[Path, Path]) -> None:
    remake(*place, {**ATLAS, "id": "second"}, GUIDE)
    remake(*place, ATLAS, GUIDE)
    assert read_successors(place[1]) == {"second": "atlas-of-roads-2014"}
    remake(*place, ATLAS, {**ATLAS, "id": "second"}, GUIDE)
    assert read_successors(place[1]) == {}
    assert manifest.RETIRED not in directory.load_live(place[1]).manifest.files


CATALOGUE_WITH_DOI = f'{SMALL_CATALOGUE}\n[[field]]\nname = "doi"\nlabel = "DOI"\nkind = "doi"\n'
SOURCES = "".join(
    f'[[source]]\nfile = "{name}.csv"\nformat = "delimited"\n[source.fields]\n'
    'id = "Id"\ntitle = "Title"\ndoi = "DOI"\nsection = "Section"\nyear = "Year"\n'
    for name in ("a", "b", "c")
)


def write_table(corpus: Path, name: str, identity: str, title: str, year: int, doi: str) -> None:
    """Write a table of one record that may be a duplicate, and one that is none."""
    lines = (
        "Id;Title;DOI;Section;Year",
        f"{identity};{title};{doi};Papers;{year}",
        f"other-{name};Other {name};;Papers;2001",
    )
    (corpus / f"{name}.csv").write_text("\n".join(lines), encoding="utf-8")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("Atlas of Roads", 2014, ""), ("ATLAS OF ROADS", 2013, "10.5555/1")),
        (("Atlas of Roads", 2014, "10.5555/1"), ("Atlas of roads.", 2014, "")),
    ],
    ids=["the first gets a key", "the first does not change"],
)
def test_merged_ids_lead_to_the_merged_publication(
    first: tuple[str, int, str], second: tuple[str, int, str], tmp_path: Path
) -> None:
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    corpus.mkdir()
    for name, text in {
        "catalogue.toml": CATALOGUE_WITH_DOI,
        "regions.toml": SMALL_REGIONS,
        "sources.toml": SOURCES,
    }.items():
        (corpus / name).write_text(text, encoding="utf-8")
    write_table(corpus, "a", "first", *first)
    write_table(corpus, "b", "second", *second)
    write_table(corpus, "c", "third", "Atlas of Roads", 2014, "")
    build.build(corpus, index)
    write_table(corpus, "a", "first", *first[:2], "10.5555/1")
    write_table(corpus, "b", "second", *second[:2], "10.5555/1")
    write_table(corpus, "c", "third", "Atlas of Roads", 2014, "10.5555/1")
    assert build.build(corpus, index).merged == 2
    assert read_successors(index) == {"second": "first", "third": "first"}


@pytest.mark.parametrize(("doi", "successor"), [("10.5555/1", "new"), ("10.5555/2", None)])
def test_publications_with_other_keys_are_not_the_same(
    doi: str, successor: str | None, tmp_path: Path
) -> None:
    """Of two publications with the same title and year but other DOIs, none replaces the other."""
    (tmp_path / "catalogue.toml").write_text(CATALOGUE_WITH_DOI, encoding="utf-8")
    (tmp_path / "regions.toml").write_text(SMALL_REGIONS, encoding="utf-8")
    values: dict[str, tuple[Value, ...]] = {"year": (2014,), "doi": ("10.5555/1",)}
    old = Publication(id="old", title="Editorial", source=SourceLocation("a.csv", 2), values=values)
    new = msgspec.structs.replace(old, id="new", values={**values, "doi": (doi,)})
    found = build_stats.find_successors([old], [new], catalogue_toml.load(tmp_path))
    assert found.get("old") == successor


def test_a_rollback_and_the_next_build_lose_no_id(place: tuple[Path, Path]) -> None:
    """A rollback has the list of its generation. The next build adds the ids made since."""
    remake(*place, {**ATLAS, "id": "second"}, GUIDE)
    remake(*place, {**ATLAS, "id": "third"}, GUIDE, {"title": "New"})
    publish.rollback(place[1])
    assert read_successors(place[1]) == {"atlas-of-roads-2014": "second"}
    publish.rollback(place[1])
    assert read_successors(place[1]) == {}
    remake(*place, ATLAS, GUIDE, {"title": "Another"})
    assert read_successors(place[1]) == {
        "new": "", "second": "atlas-of-roads-2014", "third": "atlas-of-roads-2014",
    }  # fmt: skip


@pytest.mark.parametrize("harm", ["digests.zst", "segment/words.seg"])
def test_a_damaged_generation_passes_its_list_on(place: tuple[Path, Path], harm: str) -> None:
    remake(*place, ATLAS)
    (directory.load_live(place[1]).folder / harm).write_bytes(b"?")
    write(place[0], ATLAS)
    build.build(*place)
    assert read_successors(place[1]) == {"guide-to-rivers-2010": ""}


def test_a_damaged_list_is_not_read(place: tuple[Path, Path]) -> None:
    remake(*place, ATLAS)
    live = directory.load_live(place[1])
    forged = manifest.pack_retired({"forged": Retired("forged", time=datetime.now(UTC))})
    (live.folder / manifest.RETIRED).write_bytes(forged)
    with pytest.raises(manifest.IndexOutdated, match=r"retired\.zst .* does not match"):
        live.read_retired()
    assert [report.errors for report in verify.verify(place[1])][-1] == (
        "retired.zst does not match the manifest",
    )
    build.build(*place)
    assert read_successors(place[1]) == {"guide-to-rivers-2010": ""}


def test_verify_checks_retired_ids(place: tuple[Path, Path]) -> None:
    live = directory.load_live(place[1])
    wrong = [Retired("brief/6", time=datetime.now(UTC)), Retired("old", successor="none")]
    (live.folder / manifest.RETIRED).write_bytes(
        manifest.pack_retired({entry.id: entry for entry in wrong})
    )
    for name in (manifest.MANIFEST, manifest.MANIFEST_DIGEST):
        (live.folder / name).unlink()  # sealing writes them
    publish.seal(live.folder, live.manifest)
    assert [report.errors for report in verify.verify(place[1])][-1] == (
        "the retired id 'brief/6' is in use",
        "the successor of the retired id 'old' does not exist",
    )


def test_a_build_from_nothing_reads_the_list_of_the_corpus(place: tuple[Path, Path]) -> None:
    corpus, index = place
    remake(*place, {**ATLAS, "id": "second"})
    before = directory.load_live(index).read_retired()
    (corpus / retired.RETIRED_FILE).write_text(retired.format_toml(before.values()))
    shutil.rmtree(index)
    build.build(*place)
    assert directory.load_live(index).read_retired() == before


def state(corpus: Path, *entries: Retired) -> None:
    (corpus / retired.RETIRED_FILE).write_text(retired.format_toml(entries), encoding="utf-8")


def test_a_stated_successor_is_published(place: tuple[Path, Path]) -> None:
    remake(*place, ATLAS)
    state(place[0], Retired("guide-to-rivers-2010", successor="brief/6"), Retired("old", "Old"))
    with pytest.raises(CatalogueError, match="'old' has no successor and no time"):
        build.build(*place)
    state(place[0], Retired("old", time=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=2)))))
    with pytest.raises(CatalogueError, match="'old' was removed in the year 1"):
        build.build(*place)
    state(
        place[0],
        Retired("guide-to-rivers-2010", successor="brief/6"),
        Retired("atlas-of-roads-2014", successor="brief/6"),
        Retired("mistaken", successor="nowhere"),
    )
    assert build.build(*place).status == "published"
    assert read_successors(place[1]) == {"guide-to-rivers-2010": "brief/6"}
    assert build.build(*place).status == "unchanged"


def test_a_stated_successor_keeps_the_time_of_the_removal(place: tuple[Path, Path]) -> None:
    """Harvesters learn of the removal by its time, which the entry of retired.toml lacks."""
    state(place[0], Retired(GUIDE_ID, successor=ATLAS_ID))
    remake(*place, ATLAS)
    (entry,) = directory.load_live(place[1]).read_retired().values()
    assert (entry.id, entry.successor) == (GUIDE_ID, ATLAS_ID)
    assert entry.time == datetime.fromisoformat(directory.load_live(place[1]).manifest.built)
    remake(*place, ATLAS, {"title": "Three"})
    assert directory.load_live(place[1]).read_retired() == {GUIDE_ID: entry}


def test_a_saved_list_that_is_out_of_date_changes_nothing(place: tuple[Path, Path]) -> None:
    state(place[0], Retired("atlas-of-roads-2014", "Atlas", datetime(2020, 1, 1, tzinfo=UTC)))
    remake(*place, {**ATLAS, "id": "second"}, GUIDE)
    assert read_successors(place[1]) == {"atlas-of-roads-2014": "second"}


def test_an_id_twice_in_the_file_is_a_fault(corpus: Path) -> None:
    state(corpus, Retired("a", successor="b"), Retired("a", successor="c"))
    with pytest.raises(CatalogueError, match="the id 'a' occurs twice"):
        retired.load(corpus)


texts = st.text(st.characters(codec="utf-8"))
times = st.datetimes(timezones=st.just(UTC)).filter(
    lambda time: retired.MIN_YEAR <= time.year <= retired.MAX_YEAR
)
entries = st.builds(Retired, texts, texts, times, texts)


@given(st.lists(entries, unique_by=lambda entry: entry.id))
def test_a_written_file_reads_back(
    tmp_path_factory: pytest.TempPathFactory, listed: list[Retired]
) -> None:
    folder = tmp_path_factory.mktemp("retired")
    state(folder, *listed)
    assert list(retired.load(folder).values()) == listed


def test_the_first_retired_ids_are_dropped_over_the_limit(
    place: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_stats, "MAX_RETIRED", 2)
    early = datetime(2020, 1, 1, tzinfo=UTC)
    state(place[0], Retired("x", time=early), Retired("y", time=early.replace(year=2021)))
    remake(*place, ATLAS)
    assert read_successors(place[1]) == {"y": "", "guide-to-rivers-2010": ""}


def test_an_index_of_another_format_keeps_the_ids(
    place: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise KeyError

    with monkeypatch.context() as patch:
        patch.setattr(build_stats, "Segment", refuse)
        write(place[0], ATLAS)
        build.build(*place, force=True)
    entry = directory.load_live(place[1]).read_retired()["guide-to-rivers-2010"]
    assert msgspec.structs.astuple(entry)[1] == ""


# Dates


class Clock:
    """A clock that is an hour later with each reading."""

    hour = 0

    @classmethod
    def now(cls, zone: tzinfo) -> datetime:
        cls.hour += 1
        return datetime.fromtimestamp(cls.hour * 3600, zone)


@pytest.fixture
def dated(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Return a corpus with an atlas and a guide, and its index, which was built at one o'clock."""
    monkeypatch.setattr(Clock, "hour", 0)
    monkeypatch.setattr(build, "datetime", Clock)
    remake(corpus, tmp_path / "dated", ATLAS, GUIDE)
    return corpus, tmp_path / "dated"


def read_hours(index: Path) -> dict[str, tuple[int, int]]:
    """Return the hours when the live publications of `write` were added, and when they changed."""
    live = directory.load_live(index)
    docstore = Segment(live.segment, live.manifest.catalogue).docstore
    hours: list[tuple[int, int]] = [*map(tuple, (live.read_dates().T // 3600).tolist())]
    return {
        docstore.ids.get_text(number): dates
        for number, dates in enumerate(hours)
        if docstore.get_source(number).file == "books.jsonl"
    }


ATLAS_ID, GUIDE_ID = "atlas-of-roads-2014", "guide-to-rivers-2010"


def test_dates_are_kept_from_build_to_build(dated: tuple[Path, Path]) -> None:
    """An unchanged record keeps its dates, whatever else changes, and how it is built."""
    corpus, index = dated
    remake(corpus, index, {"title": "One"}, ATLAS, GUIDE)
    remake(corpus, index, {"title": "One"}, ATLAS, GUIDE, force=True)
    rules = SMALL_CATALOGUE.replace("weight = 2.5", "weight = 3.0")
    (corpus / "catalogue.toml").write_text(rules, encoding="utf-8")
    remake(corpus, index, GUIDE, ATLAS, {"title": "One"}, {"title": "New"})
    assert read_hours(index) == {
        GUIDE_ID: (1, 1), ATLAS_ID: (1, 1), "one": (2, 2), "new": (4, 4),
    }  # fmt: skip


def test_a_changed_record_has_the_date_of_its_change(dated: tuple[Path, Path]) -> None:
    remake(*dated, {**ATLAS, "summary": "All roads."}, GUIDE)
    assert read_hours(dated[1]) == {ATLAS_ID: (1, 2), GUIDE_ID: (1, 1)}
    remake(*dated, {**ATLAS, "summary": "All roads."})
    remake(*dated, {**ATLAS, "summary": "All roads."}, GUIDE)
    assert read_hours(dated[1]) == {ATLAS_ID: (1, 2), GUIDE_ID: (4, 4)}


def test_a_new_id_is_no_new_publication(dated: tuple[Path, Path]) -> None:
    state(dated[0], Retired("zzz", successor="atlas"))
    remake(*dated, {**ATLAS, "id": "atlas"}, GUIDE)
    remake(*dated, {**ATLAS, "id": "atlas"}, GUIDE, {"title": "Three"})
    assert read_hours(dated[1]) == {"atlas": (1, 2), GUIDE_ID: (1, 1), "three": (3, 3)}


def test_a_record_that_was_rolled_back_has_changed(dated: tuple[Path, Path]) -> None:
    """The record gets a new date, because readers of that generation have another content of it."""
    remake(*dated, {**ATLAS, "summary": "All roads."}, GUIDE)
    publish.rollback(dated[1])
    assert read_hours(dated[1]) == {ATLAS_ID: (1, 1), GUIDE_ID: (1, 1)}
    remake(*dated, ATLAS, GUIDE, {"title": "Three"})
    assert read_hours(dated[1]) == {ATLAS_ID: (1, 3), GUIDE_ID: (1, 1), "three": (3, 3)}


def test_a_record_that_one_of_two_generations_had_has_changed(dated: tuple[Path, Path]) -> None:
    """The record gets a new date, because readers of the other generation lack it."""
    remake(*dated, GUIDE, {"title": "Three"})
    publish.rollback(dated[1])
    remake(*dated, ATLAS, GUIDE, {"title": "Three"})
    assert read_hours(dated[1]) == {ATLAS_ID: (1, 3), GUIDE_ID: (1, 1), "three": (2, 3)}


def test_a_generation_without_dates_has_the_time_of_its_build(dated: tuple[Path, Path]) -> None:
    live = directory.load_live(dated[1])
    (live.folder / manifest.DATES).unlink()
    files = {name: file for name, file in live.manifest.files.items() if name != manifest.DATES}
    manifest.write(live.folder, msgspec.structs.replace(live.manifest, files=files))
    assert read_hours(dated[1]) == {ATLAS_ID: (1, 1), GUIDE_ID: (1, 1)}
    remake(*dated, {**ATLAS, "summary": "All roads."}, GUIDE)
    assert read_hours(dated[1]) == {ATLAS_ID: (1, 2), GUIDE_ID: (1, 1)}


def test_dates_of_other_publications_are_damage(dated: tuple[Path, Path]) -> None:
    live = directory.load_live(dated[1])
    data = manifest.pack_dates(live.read_dates()[:, :1])
    (live.folder / manifest.DATES).write_bytes(data)
    files = live.manifest.files | {manifest.DATES: (len(data), sha256(data).hexdigest())}
    manifest.write(live.folder, msgspec.structs.replace(live.manifest, files=files))
    (report,) = verify.verify(dated[1])
    assert "dates.zst" in report.errors[0]
    with pytest.raises(IndexOutdated, match=r"dates\.zst"):
        open_searcher(directory.load_live(dated[1]))


@pytest.mark.parametrize("order", [1, -1])
def test_an_equal_record_has_its_last_change_of_all_generations(order: int) -> None:
    def make(added: int, changed: int) -> Any:
        return SimpleNamespace(read_dates=lambda: np.array([[added], [changed]]))

    former = [Former(make(*dates), {"a": b"1"}) for dates in ((2, 5), (1, 3))][::order]
    stats: Any = SimpleNamespace(digests={"a": b"1"})
    assert find_dates(former, stats, {}, datetime.now(UTC)).tolist() == [[1], [5]]
