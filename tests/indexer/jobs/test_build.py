"""A build publishes a complete generation of the corpus, or changes nothing."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest
from whoosh import index as whoosh_index
from whoosh import query

from indexer.analysis import tokenizer
from indexer.catalogue import schema
from indexer.catalogue.fields import CatalogueTexts
from indexer.catalogue.records import Publication
from indexer.generations import directory, manifest
from indexer.generations.manifest import Changes
from indexer.ingest import corpus as ingest_corpus
from indexer.ingest.corpus import Progress
from indexer.jobs import build
from indexer.jobs.build import BuildRejected
from tests.samples import article, page


def write(corpus: Path, *titles: str, name: str = "new.html") -> None:
    (corpus / name).write_text(page([article(title) for title in titles]), encoding="utf-8")


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def live_files(index: Path) -> dict[str, bytes]:
    folder = directory.load_live(index).folder
    files = {each.name: each.read_bytes() for each in folder.rglob("*") if each.is_file()}
    return {**files, "CURRENT": (index / "CURRENT").read_bytes()}


def found(index: Path, tree: query.Query) -> set[str]:
    opened = whoosh_index.open_dir(directory.load_live(index).segment)
    with opened.searcher() as searcher:
        return {
            msgspec.json.decode(hit["record"], type=Publication).id
            for hit in searcher.search(tree, limit=None)
        }


def test_the_table_of_contents_names_the_public_class(index: Path) -> None:
    contents = (directory.load_live(index).segment / "_MAIN_1.toc").read_bytes()
    assert b"indexer.codec.whoosh_codec\x94\x8c\x0fColumnarSegment" in contents


def test_first_build_adds_all(corpus: Path, tmp_path: Path) -> None:
    outcome = build.build(corpus, tmp_path / "index")
    assert outcome.status == "published"
    assert outcome.changes == Changes(added=5, changed=0, removed=0, unchanged=0)
    assert outcome.problems == []
    assert outcome.generation == directory.load_live(tmp_path / "index")
    assert outcome.generation.name.startswith("000001-")


def test_without_changes_nothing_is_published(corpus: Path, index: Path) -> None:
    before = live_files(index)
    outcome = build.build(corpus, index)
    assert outcome.status == "unchanged"
    assert outcome.changes == Changes(0, 0, 0, 5)
    assert live_files(index) == before
    assert len(directory.list_names(index)) == 1


def test_changes_are_counted(corpus: Path, index: Path) -> None:
    write(corpus, "New One", "New Two")
    (corpus / "more.jsonl").unlink()
    edit(corpus / "tools.html", "commentaries", "remarks")
    outcome = build.build(corpus, index)
    assert outcome.changes == Changes(added=2, changed=1, removed=1, unchanged=3)
    assert found(index, query.Term("summary", "remark")) == {"model-law"}
    assert found(index, query.Term("summary", "commentari")) == set()
    assert found(index, query.Term("title", "new")) == {"new-one", "new-two"}


def test_moved_publications_are_unchanged_and_published(corpus: Path, index: Path) -> None:
    edit(corpus / "tools.html", "<body>", "<body>\n")
    outcome = build.build(corpus, index)
    assert (outcome.status, outcome.changes) == ("published", Changes(0, 0, 0, 5))


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("catalogue.toml", "weight = 2.5", "weight = 3.0"),
        ("catalogue.toml", "Small Catalogue", "Little Catalogue"),
        ("regions.toml", '"KE", "NG"', '"KE", "NG", "GH"'),
    ],
)
def test_change_of_the_catalogue_rebuilds(
    file: str, old: str, new: str, corpus: Path, index: Path
) -> None:
    edit(corpus / file, old, new)
    assert build.build(corpus, index).status == "published"
    assert len(directory.list_names(index)) == 2


def test_change_of_a_translation_publishes_the_same_publications(corpus: Path, index: Path) -> None:
    before = segment_files(index)
    (corpus / "catalogue.fr.toml").write_text('title = "Petit catalogue"', encoding="utf-8")
    outcome = build.build(corpus, index)
    assert (outcome.status, outcome.changes) == ("published", Changes(0, 0, 0, 5))
    translations = directory.load_live(index).manifest.catalogue.translations
    assert translations == {"fr": CatalogueTexts(title="Petit catalogue")}
    contents = {"_MAIN_1.toc": b""}  # the catalogue is in it
    assert segment_files(index) | contents == before | contents
    assert build.build(corpus, index).status == "unchanged"


@pytest.mark.parametrize("part", [(tokenizer, "VERSION"), (schema, "FORMAT")])
def test_change_of_the_program_rebuilds(
    part: tuple[object, str], corpus: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, name = part
    monkeypatch.setattr(module, name, getattr(module, name) + 1)
    assert build.build(corpus, index).status == "published"


def test_force_publishes_without_changes(corpus: Path, index: Path) -> None:
    outcome = build.build(corpus, index, force=True)
    assert (outcome.status, outcome.changes.unchanged) == ("published", 5)
    assert len(directory.list_names(index)) == 2
    assert outcome.seconds >= outcome.generation.manifest.seconds > 0


def refused(corpus: Path, index: Path) -> BuildRejected:
    """Return the error of a rejected build, which must leave the live generation unchanged."""
    before = live_files(index)
    with pytest.raises(BuildRejected) as caught:
        build.build(corpus, index)
    assert live_files(index) == before
    assert len(directory.list_names(index)) == 1
    assert "--force" in caught.value.hint
    return caught.value


def test_half_a_corpus_is_rejected(corpus: Path, index: Path) -> None:
    """A build with fewer than half of the live publications is rejected, unless forced."""
    (corpus / "papers.html").unlink()
    (corpus / "tools.html").unlink()
    write(corpus, "New")
    assert "2 publications, less than half of the 5" in refused(corpus, index).message
    assert build.build(corpus, index, force=True).changes == Changes(1, 0, 4, 1)


def test_an_unreadable_corpus_is_rejected(corpus: Path, index: Path) -> None:
    for name in ("papers.html", "more.jsonl"):
        (corpus / name).unlink()
    (corpus / "tools.html").write_bytes(b"\xff")
    error = refused(corpus, index)
    assert "no readable publication" in error.message
    assert [each.file for each in error.problems] == ["tools.html"]


def test_an_empty_first_build_is_rejected(corpus: Path, tmp_path: Path) -> None:
    """An empty corpus publishes no first generation, unless forced."""
    for name in ("papers.html", "more.jsonl", "tools.html"):
        (corpus / name).unlink()
    index = tmp_path / "index"
    with pytest.raises(BuildRejected):
        build.build(corpus, index)
    with pytest.raises(manifest.IndexMissing):
        directory.load_live(index)
    assert build.build(corpus, index, force=True).generation.manifest.publications == 0
    assert found(index, query.Every()) == set()


def test_problems_are_recorded(corpus: Path, index: Path) -> None:
    write(corpus, "Good", "")
    outcome = build.build(corpus, index)
    assert [(each.file, each.what) for each in outcome.problems] == [
        ("new.html", "it has no title")
    ]
    assert directory.load_live(index).manifest.problems == tuple(outcome.problems)
    assert build.build(corpus, index).problems == outcome.problems


def test_fixed_problem_is_removed(corpus: Path, index: Path) -> None:
    """A fixed problem is removed from the live manifest, even if no publication changed."""
    write(corpus, "Good")
    (corpus / "list.docx").write_bytes(b"")
    build.build(corpus, index)
    (corpus / "list.docx").unlink()
    outcome = build.build(corpus, index)
    assert (outcome.status, outcome.changes.unchanged) == ("published", 6)
    assert directory.load_live(index).manifest.problems == ()


def test_manifest_has_counts_and_catalogue(index: Path) -> None:
    manifest = directory.load_live(index).manifest
    assert manifest.publications == 5
    assert manifest.counts["section"] == {"Papers": 3, "Tools": 2}
    assert manifest.counts["region"] == {"South Asia": 2, "Africa": 2, "none": 1}
    assert manifest.counts["country"] == {"none": 2, "NP": 1, "KE": 1, "IN": 1}
    assert manifest.catalogue.title == "Small Catalogue"
    assert manifest.catalogue.groups["KE"] == ("Africa",)


def test_last_three_generations_are_kept(corpus: Path, index: Path) -> None:
    for number in range(4):
        write(corpus, f"Number {number}")
        build.build(corpus, index)
    names = directory.list_names(index)
    assert [name[:6] for name in names] == ["000003", "000004", "000005"]
    assert directory.read_live_name(index) == names[-1]


class Interrupted(Progress):
    """Progress that ends the build as soon as publications have been read."""

    def report_publications(self, publications: Sequence[Publication]) -> None:
        raise KeyboardInterrupt


def test_interrupted_build_changes_nothing(corpus: Path, index: Path) -> None:
    before = live_files(index)
    write(corpus, "New")
    with pytest.raises(KeyboardInterrupt):
        build.build(corpus, index, progress=Interrupted())
    assert live_files(index) == before
    assert build.build(corpus, index).changes == Changes(1, 0, 0, 5)
    assert found(index, query.Every()) >= {"new", "model-law"}
    assert not list((index / "generations").glob("*.partial"))


class Seen(Progress):
    """Progress that keeps the publications and the steps of sorting."""

    def __init__(self) -> None:
        self.publications: list[Publication] = []
        self.steps: list[tuple[int, int]] = []

    def report_publications(self, publications: Sequence[Publication]) -> None:
        self.publications += publications

    def report_sorting(self, done: int, total: int) -> None:
        self.steps.append((done, total))


def test_progress_gets_all_publications_and_steps_of_sorting(corpus: Path, tmp_path: Path) -> None:
    """The progress gets all publications that a build writes, and each step of sorting once."""
    seen = Seen()
    build.build(corpus, tmp_path / "index", progress=seen)
    assert len(seen.publications) == 5
    total = len(seen.steps)
    assert seen.steps == [(number, total) for number in range(1, total + 1)]


@pytest.mark.parametrize(
    "name", ["manifest.json", "manifest.sha256", "digests.zst", "segment/*.seg"]
)
def test_damaged_generation_is_replaced(name: str, corpus: Path, index: Path) -> None:
    """A damaged live generation is replaced by a build, even without changes."""
    next(directory.load_live(index).folder.glob(name)).write_text("{", encoding="utf-8")
    assert build.build(corpus, index).status == "published"
    assert directory.integrity_errors(directory.load_live(index)) == []
    assert found(index, query.Term("title", "law")) == {"model-law"}


def test_a_build_reads_nothing_of_a_damaged_generation(corpus: Path, index: Path) -> None:
    """Changed digests of the live generation are not read, even if they are valid."""
    live = directory.load_live(index)
    digests = {**live.read_digests(), "ghost": bytes(16)}
    forged = manifest.pack_digests(digests)
    (live.folder / manifest.DIGESTS).write_bytes(forged)
    assert build.build(corpus, index).changes == Changes(added=5, changed=0, removed=0, unchanged=0)


FINDS: dict[str, tuple[query.Query, set[str]]] = {
    "a stem": (query.Term("title", "traffick"), {"model-law"}),
    "a word as written": (query.Term("title", "=organs"), {"removal-of-organs-2011"}),
    "no word in another form": (query.Term("title", "=organ"), set()),
    "a phrase": (
        query.Phrase("summary", ["nation", "legisl", "with", "commentari"]), {"model-law"},
    ),
    "no phrase of scattered words": (query.Phrase("summary", ["provis", "nation"]), set()),
    "a region by its country": (
        query.Term("region.value", "South Asia"), {"model-law", "brief/6"},
    ),
    "a country by its name": (query.Term("country", "kenya"), {"removal-of-organs-2011"}),
    "a year": (query.Term("year.value", "2017"), {"case-digest-2017"}),
    "an id": (query.Term("id", "brief/6"), {"brief/6"}),
    "two filters": (
        query.And([query.Term("section.value", "Papers"), query.Term("region.value", "Africa")]),
        {"removal-of-organs-2011", "victims-at-the-border"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("tree", "ids"), FINDS.values(), ids=FINDS)
def test_stock_whoosh_searches_a_generation(tree: query.Query, ids: set[str], index: Path) -> None:
    assert found(index, tree) == ids


def test_generation_is_one_segment_in_corpus_order(index: Path) -> None:
    opened = whoosh_index.open_dir(directory.load_live(index).segment)
    with opened.reader() as reader:
        assert reader.is_atomic()
        records = [reader.stored_fields(number)["record"] for number in reader.all_doc_ids()]
    titles = [json.loads(record)["title"] for record in records]
    assert titles[0] == "Issue Brief"
    assert titles[-1] == "Case Digest"


Event = tuple[str, Callable[[], object]]
STILL: Event = ("still", lambda: None)


class WatchEnded(Exception):
    """The end of the events in a watched folder."""


def watched(corpus: Path, *events: Event) -> list[str]:
    log: list[str] = []
    left = list(events)

    def sleep(seconds: float) -> None:
        if not seconds:
            return
        if not left:
            raise WatchEnded
        name, happen = left.pop(0)
        log.append(name)
        happen()

    def watch() -> None:
        log.extend("build" for _ in ingest_corpus.watch(corpus, interval=1.0, sleep=sleep))

    with pytest.raises(WatchEnded):
        watch()
    return log


def writes(corpus: Path, title: str) -> Event:
    return title, lambda: write(corpus, title)


def test_watch_builds_at_the_start_and_after_changes(corpus: Path) -> None:
    """A build is due once after a change, as soon as two looks are equal. A removal is a change."""
    assert watched(corpus, STILL, STILL, STILL) == ["build", "still", "still", "still"]
    events = (STILL, writes(corpus, "one"), writes(corpus, "the other"), STILL, STILL)
    assert " ".join(watched(corpus, *events)) == "build still one the other still build still"
    gone = ("gone", (corpus / "tools.html").unlink)
    assert watched(corpus, gone, STILL, STILL) == ["build", "gone", "still", "build", "still"]


def segment_files(index: Path) -> dict[str, bytes]:
    generation = directory.load_live(index)
    files = {each.name: each.read_bytes() for each in generation.segment.iterdir()}
    return {**files, "digests": (generation.folder / manifest.DIGESTS).read_bytes()}


@pytest.mark.slow
def test_an_incremental_build_equals_a_full_build(
    corpus: Path, index: Path, tmp_path: Path
) -> None:
    write(corpus, "Another one", "And one more about crime", name="a-first.html")
    edit(corpus / "tools.html", "commentaries", "remarks")
    script = (
        "import sys; from pathlib import Path; from indexer.jobs import build\n"
        "print(build.build(Path(sys.argv[1]), Path(sys.argv[2])).status)"
    )
    for folder, seed in ((index, "1"), (tmp_path / "full", "2")):
        done = subprocess.run(
            [sys.executable, "-c", script, corpus, folder],
            env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout == "published\n"
    assert directory.load_live(index).manifest.changes == Changes(2, 1, 0, 4)
    assert segment_files(index) == segment_files(tmp_path / "full")
