"""Duplicates in mapped sources become one publication. Other records stay apart."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from indexer.catalogue import catalogue_toml
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Parsed, Publication
from indexer.codec.segment.reader import Segment
from indexer.generations.manifest import DATES, RETIRED
from indexer.ingest import duplicates
from indexer.jobs import build, check
from indexer.jobs.build import BuildResult, SameTitle
from indexer.mapping.standard_fields import list_standard_fields

CATALOGUE = Catalogue("Test", "", list_standard_fields())
SOURCE = """
[[source]]
file = "{file}"
format = "delimited"
fields = {{ id = "Id", title = "Title", year = "Year", doi = "DOI", isbn = "ISBN", volume = "Vol", \
pmid = "PMID", summary = "Abstract" }}
"""
HEADER = "Id,Title,Year,DOI,ISBN,Vol,PMID,Abstract"
SHELLS = "a1,Shells of the delta,2014,10.1234/5,,,,"
SAME_SHELLS = "b1,Shells of the Delta.,2013,10.1234/5,,2,77,On shells."


class Corpus:
    """A corpus of tables, and its index."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.index = folder / "corpus", folder / "index"
        self.folder.mkdir()
        (self.folder / "catalogue.toml").write_text(catalogue_toml.format_toml(CATALOGUE))

    def write(self, name: str, *rows: str) -> None:
        (self.folder / name).write_text("\n".join([HEADER, *rows, ""]), "utf-8")

    def build(self, *, force: bool = False) -> BuildResult:
        files = sorted(path.name for path in self.folder.glob("*.csv"))
        sources = "".join(SOURCE.format(file=name) for name in files)
        (self.folder / "sources.toml").write_text(sources)
        return build.build(self.folder, self.index, force=force)

    def build_and_list(self) -> list[Publication]:
        return list_publications(self.build())


def list_publications(result: BuildResult) -> list[Publication]:
    docstore = Segment(result.generation.segment, CATALOGUE).docstore
    return [docstore.get_publication(number) for number in range(len(docstore))]


def list_ids(publications: Sequence[Publication]) -> list[str]:
    return [publication.id for publication in publications]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return Corpus(tmp_path)


@pytest.fixture
def pair(corpus: Corpus) -> Corpus:
    corpus.write("a.csv", SHELLS, "a2,Tides,2015,10.1234/6,,,,")
    corpus.write("b.csv", "b0,Rivers,2016,10.1234/7,,,,", SAME_SHELLS)
    return corpus


def test_a_duplicate_is_merged_into_the_first_record(pair: Corpus) -> None:
    result = pair.build()
    merged = {publication.id: publication for publication in list_publications(result)}
    assert sorted(merged) == ["a1", "a2", "b0"]
    shells = merged["a1"]
    assert (shells.title, shells.summary) == ("Shells of the delta", "On shells.")
    assert {name: str(value) for name, (value, *_) in shells.values.items()} == {
        "year": "2014", "doi": "10.1234/5", "volume": "2", "pmid": "77",
    }  # fmt: skip
    assert [(place.file, place.line) for place in (shells.source, *shells.other_sources)] == [
        ("a.csv", 2), ("b.csv", 3),
    ]  # fmt: skip
    assert (result.merged, result.generation.manifest.merged, result.problems) == (1, 1, [])


@pytest.mark.parametrize(
    ("first", "second", "is_merged"),
    [
        ("x,Shells,,10.1/5,,,,", "y,SHÉLLS!,,https://doi.org/10.1/5,,,,", True),
        ("x,Shells,,,,,77,", "y,Shells,,,,,PMID: 77,", True),
        ("x,Shells,,,3-16-148410-X,,,", "y,Shells,,,9783161484100,,,", True),
        ("x,Shells,,,3-16-148410-X,1,,", "y,Shells,,,9783161484100,1,,", True),
        ("x,Shells,,,3-16-148410-X,1,,", "y,Shells,,,9783161484100,2,,", False),
        ("x,Shells,,,3-16-148410-X,1,,", "y,Shells,,,9783161484100,,,", False),
        ("x,Shells,,10.1234/5,,,,", "y,Tides,,10.1234/5,,,,", False),
        ("x,Shells,,10.1234/5,,,,", "y,Shells,,10.1234/6,,,,", False),
        ("x,Shells,2014,,,,,", "y,Shells,2014,,,,,", False),
    ],
    ids=[
        "DOI", "PMID", "ISBN", "ISBN and volume", "another volume", "one volume", "another title",
        "another DOI", "no key",
    ],
)  # fmt: skip
def test_duplicates_share_a_key_and_a_title(
    corpus: Corpus, first: str, second: str, is_merged: bool
) -> None:
    corpus.write("a.csv", first.replace("10.1/5", "10.1234/5"))
    corpus.write("b.csv", second.replace("10.1/5", "10.1234/5"))
    assert list_ids(corpus.build_and_list()) == (["x"] if is_merged else ["x", "y"])


@pytest.mark.parametrize(("number", "ids"), [(3, 4), (4, 6)])
def test_a_key_that_more_than_five_records_of_a_file_share_is_ignored(
    corpus: Corpus, number: int, ids: int
) -> None:
    chapters = [f"c{chapter},Chapter {chapter},,,9783161484100,,," for chapter in range(number)]
    notes = [f"n{note},Notes,,,9783161484100,,," for note in range(2)]
    corpus.write("a.csv", *chapters, *notes)
    assert len(corpus.build_and_list()) == ids


def test_records_are_joined_through_a_third_one(corpus: Corpus) -> None:
    corpus.write(
        "a.csv", "x,Shells,,10.1234/5,,,,", "y,Shells,,,,,77,", "z,Shells,,10.1234/5,,,77,"
    )
    [shells] = corpus.build_and_list()
    assert (shells.id, [place.line for place in shells.other_sources]) == ("x", [3, 4])


def test_the_record_in_the_first_file_by_name_keeps_its_values(corpus: Corpus) -> None:
    corpus.write("b.csv", SHELLS)
    corpus.write("a.csv", SAME_SHELLS)
    [shells] = corpus.build_and_list()
    assert (shells.id, shells.title, shells.source.file) == ("b1", "Shells of the Delta.", "a.csv")


def test_a_second_build_of_the_same_files_publishes_nothing(pair: Corpus) -> None:
    pair.build()
    again = pair.build()
    assert (again.status, again.merged) == ("unchanged", 1)


def test_a_removed_duplicate_leaves_the_other_record(pair: Corpus) -> None:
    pair.build()
    kept = (pair.folder / "a.csv").read_text("utf-8")
    (pair.folder / "a.csv").unlink()
    rest = pair.build_and_list()
    assert list_ids(rest) == ["b0", "b1"]
    assert (rest[1].title, rest[1].other_sources) == ("Shells of the Delta.", ())
    (pair.folder / "a.csv").write_text(kept, "utf-8")
    (pair.folder / "b.csv").unlink()
    rest = pair.build_and_list()
    assert [(item.id, item.summary, item.other_sources) for item in rest] == [
        ("a1", None, ()), ("a2", None, ()),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "later",
    [
        {"c.csv": ["c1,Shells of the delta,,10.1234/5,,,,", "c2,Moons,,,,,,"]},
        {"c.csv": ["c1,Tides,,10.1234/6,,,,From c."]},
        {"a.csv": [SHELLS]},
        {"a.csv": ["a2,Tides,2015,10.1234/6,,,,"]},
        {"b.csv": ["b9,Moons,,,,,,", SAME_SHELLS.replace("On shells", "About shells")]},
        {"b.csv": ["b1,Tides,,10.1234/7,,,,"]},
    ],
    ids=["third duplicate", "duplicate of a copied record", "unrelated record removed",
         "duplicate removed", "duplicate moved and changed", "no duplicate left"],
)  # fmt: skip
@pytest.mark.slow
def test_an_incremental_build_equals_a_full_build(
    pair: Corpus, later: dict[str, list[str]]
) -> None:
    pair.build()
    for name, rows in later.items():
        pair.write(name, *rows)
    incremental = pair.build()
    publications = list_publications(incremental)
    shutil.rmtree(pair.index)
    full = pair.build()
    assert (publications, incremental.merged) == (list_publications(full), full.merged)
    first, second = incremental.generation.manifest, full.generation.manifest
    # Only an incremental build knows the ids and the dates of the generation before.
    files, of_full = ({**made.files, RETIRED: None, DATES: None} for made in (first, second))
    assert (first.corpus, files) == (second.corpus, of_full)


def test_a_key_counts_again_after_records_are_removed(corpus: Corpus) -> None:
    notes = [f"n{note},Notes,,10.1234/5,,,," for note in range(2)]
    chapters = [f"c{chapter},Chapter {chapter},,10.1234/5,,,," for chapter in range(4)]
    corpus.write("a.csv", *notes, *chapters)
    assert len(corpus.build_and_list()) == 6
    corpus.write("a.csv", *notes, *chapters[1:])
    assert list_ids(corpus.build_and_list()) == ["n0", "c1", "c2", "c3"]


def test_copied_records_count_for_a_shared_key(corpus: Corpus) -> None:
    chapters = [f"c{chapter},Chapter {chapter},,10.1234/5,,,," for chapter in range(5)]
    corpus.write("a.csv", *chapters)
    corpus.build()
    corpus.write("a.csv", *chapters, "new,Chapter 0,,10.1234/5,,,,")
    assert len(corpus.build_and_list()) == 6


def test_problems_are_reported_once(pair: Corpus) -> None:
    """A build that reads the corpus twice because of duplicates reports each problem once."""
    pair.write("c.csv", "c1,Moons,,,9783161484101,,,")
    assert len(pair.build().problems) == 1


def test_an_id_belongs_to_the_first_record_that_has_it(corpus: Corpus) -> None:
    """A merged publication keeps its id, even if a record between its parts has the same id."""
    corpus.write("a.csv", "1,Shells,,10.1234/5,,,,", "1,Tides,,,,,,", "2,Shells,,10.1234/5,,,,")
    assert sorted((item.id, item.title) for item in corpus.build_and_list()) == [
        ("1", "Shells"), ("1-2", "Tides"),
    ]  # fmt: skip


def test_early_duplicates_stop_the_first_pass(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duplicates, "_FIRST_CHECK", 2)
    corpus.write("a.csv", *(f"{n},Title {n % 5},,10.1234/{n % 5},,,," for n in range(10)))
    assert len(corpus.build_and_list()) == 5
    finder = duplicates.DuplicateFinder(CATALOGUE)
    items = [Parsed(publication) for publication in corpus.build_and_list()]
    for expected in (False, True):
        for item in items:
            finder.collect(item)
        assert finder.has_duplicates is expected


def test_merged_publications_do_not_count_as_removed(corpus: Corpus) -> None:
    rows = [f"{n},Title {n},,10.1234/{n},,,," for n in range(30)]
    corpus.write("b.csv", *rows)
    corpus.build()
    corpus.write("a.csv", *(f"a{row}" for row in rows))
    assert list_ids(corpus.build_and_list())[:2] == ["a0", "a1"]


def test_a_check_counts_merged_records_once(pair: Corpus) -> None:
    pair.build()
    assert check.check(pair.folder).publications == 3


def test_publications_with_the_same_title_and_year_are_reported(corpus: Corpus) -> None:
    corpus.write(
        "a.csv", "1,Annual report,2014,,,,,", "2,Annual report,2015,,,,,", "3,Tides,2014,,,,,",
        "4,Annual Report,2014,10.1234/5,,,,", "5,Undated,,,,,,", "6,Undated,,,,,,",
    )  # fmt: skip
    result = corpus.build()
    assert result.same_titles == [SameTitle("Annual report", 2014, 2)]
    assert result.problems == []
