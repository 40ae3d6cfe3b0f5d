"""`make bench` runs all its parts on 300 generated papers. These tests judge no figure."""

import importlib.util
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec
import pytest

from benchmarks.speed import __main__ as bench
from benchmarks.speed import (
    bars,
    engines,
    fresh,
    generated,
    machine,
    pages,
    papers,
    questions,
    results,
    timing,
)
from benchmarks.speed.questions import KINDS, Question
from benchmarks.speed.report import page
from benchmarks.speed.results import Results, Timed
from benchmarks.speed.workplace import Plan, Workplace
from indexer.analysis.stemming import get_stop_words
from indexer.generations import directory
from indexer.jobs import build
from search_app.engine.snapshot.snapshot import Snapshot

pytestmark = pytest.mark.thorough

PAPERS = 300
QUERIES = 6
FEW: Mapping[str, int] = {engines.WHOOSH: 60}
# No stemmer changes these words, so all engines must return the same hits.
WORDS = [first + second + "ko" for first in "bdfglmnprt" for second in "aou"]


def _papers(number: int) -> list[dict[str, object]]:
    drawer = random.Random(7)
    return [
        {
            "id": f"paper/{each}",
            "title": " ".join(drawer.choices(WORDS, k=5)),
            "summary": f"{' '.join(drawer.choices(WORDS, k=12))}.",
            "venue": f"Venue {each % 7}, of {each % 3}",
            "year": 1990 + each % 11,
            "type": ["article", "talk"][each % 2],
            "place": f"Place {each % 13}",
            "authors": ["Left Aside"],
        }
        for each in range(number)
    ]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("papers") / "papers.jsonl"
    lines = [json.dumps(each) + "\n" for each in _papers(PAPERS)]
    path.write_text("".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def work(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """Return a workplace with the generated papers, in which indexes are built on demand."""
    plan = Plan(file=file, rounds=2, queries=QUERIES, builds=1)
    return Workplace(plan, tmp_path_factory.mktemp("work"), lambda _: None)


@pytest.mark.parametrize("name", [engines.TANTIVY, engines.SQLITE, engines.WHOOSH])
def test_peers_have_the_same_hits_as_this_engine(name: str, work: Workplace) -> None:
    if reason := engines.why_left_out(name):
        pytest.skip(reason)
    ours, peer = work.open(engines.OURS, work.lines), work.open(name, work.lines)
    for asked in questions.draw(list(papers.read(work.lines)), QUERIES, 1).values():
        for question in asked:
            own, other = ours.read(ours.ask(question)), peer.read(peer.ask(question))
            assert own.total == other.total > 0, question
            assert len(own.titles) == len(other.titles) == min(own.total, engines.HITS)
            for facet in papers.FACETS:
                counts, others = dict(own.facets[facet]), dict(other.facets[facet])
                assert list(counts.values()) == list(others.values()), (question, facet)
                # The last of the requested values may be tied with others.
                assert counts == others or len(counts) == engines.VALUES, (question, facet)
    peer.close()
    ours.close()


def test_all_parts_are_measured_and_reported(file: Path, tmp_path: Path) -> None:
    plan = Plan(file=file, rounds=2, queries=QUERIES, builds=1, most=FEW, copies=2)
    written = tmp_path / "docs" / "benchmarks.md"
    found = bench.run(plan, list(bench.PARTS), written)
    assert found == results.load(tmp_path / "docs" / "benchmarks" / "results.json")
    assert found.queries
    assert found.building
    assert found.growth
    assert list(found.queries.timed) == list(KINDS)
    for timed in found.queries.timed.values():
        assert list(timed) == plan.present
        assert all(len(each.medians) == plan.rounds for each in timed.values())
    assert found.building.built[engines.OURS].size > 0
    assert found.growth.sizes == [37, 75, 150, 300, 600]
    assert found.pages
    assert found.pages.searches == 2 * QUERIES
    assert 0 < found.pages.accounted <= 1
    assert found.trees
    assert (found.trees.values, found.trees.pairs) == (250, QUERIES)
    assert found.publishing
    for served in found.publishing.servers.values():
        assert served.during.failed == 0
        assert served.during.requests > 0
        assert min(*served.before.private, *served.after.private, served.bare.together) > 0
    assert [len(each.after.private) for each in found.publishing.servers.values()] == [4, 1]
    assert found.opensearch
    if not found.opensearch.left_out:
        kinds = found.opensearch.kinds.values()
        assert [(each.totals, each.facets) for each in kinds] == [(0, 0)] * 11
        assert len(found.opensearch.pages) in {0, 3}  # none without wrk
    text = written.read_text(encoding="utf-8")
    for name in plan.names:
        assert (f"**{name} was left out**" in text) == (name in plan.left_out)
        assert name in text
    pictures = re.findall(r"\]\((benchmarks/\w+\.svg)\)", text)
    assert all((written.parent / picture).is_file() for picture in pictures)
    assert bool(pictures) == (importlib.util.find_spec("matplotlib") is not None)
    assert str(tmp_path) not in text


def test_a_part_measured_again_replaces_that_part_only(file: Path, tmp_path: Path) -> None:
    plan = Plan(file=file, rounds=1, queries=2, builds=1)
    written = tmp_path / "benchmarks.md"
    first = bench.run(plan, ["worst"], written)
    kept = tmp_path / "benchmarks" / "results.json"
    results.save(msgspec.structs.replace(first, queries=_queries(1.0, 2.0)), kept)
    again = bench.run(plan, ["worst"], written)
    assert again.queries == _queries(1.0, 2.0)
    assert again.worst
    assert again.worst != first.worst


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    """A missing file of papers ends the run with an error that names the option for it."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.speed", "--quick", "--papers", tmp_path / "no.jsonl",
         "--report", tmp_path / "page.md"],
        cwd=Path(__file__).parents[1], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "no.jsonl" in done.stderr
    assert "--papers" in done.stderr


def _queries(ours: float, tantivys: float) -> results.Searching:
    def timed(value: float) -> Timed:
        return Timed([value, value, 9.0], [value] * 3, [value] * 3, [value], 1.0)

    setting = machine.setting("papers.jsonl", 1)
    kinds = {str(kind): {engines.OURS: timed(ours), engines.TANTIVY: timed(tantivys)}
             for kind in KINDS}  # fmt: skip
    return results.Searching(setting, 3, 1, kinds, kinds, {}, {}, {})


@pytest.mark.parametrize(
    ("ours", "met"), [(0.39, True), (0.41, False)], ids=["under the bar", "over it"]
)
def test_a_bar_is_met_or_not(ours: float, met: bool) -> None:
    """One word may take at most 0.4 of Tantivy's median time. The page says whether it does."""
    part = _queries(ours, 1.0)
    judged = {each.kind: each for each in bars.against(part)}
    assert judged["word"].met is met
    assert judged["or"].met
    lines = "\n".join(page._sections(Results(queries=part), {})).splitlines()
    row = next(line for line in lines if line.startswith("| one word |"))
    assert ("**no**" in row) is not met


def test_questions_are_words_of_titles(file: Path) -> None:
    read = list(papers.read(file))
    drawn = questions.draw(read, 20, 3)
    assert drawn == questions.draw(read, 20, 3)
    assert drawn != questions.draw(read, 20, 4)
    for kind, asked in drawn.items():
        assert len(asked) == 20
        for question in asked:
            assert any(" ".join(question.words) in paper.title for paper in read), kind
    for question in drawn["ticked"]:
        assert len(question.ticked) == 2
        assert any(
            question.words[0] in f"{paper.title} {paper.summary}"
            and all(paper.value(name) == value for name, value in question.ticked.items())
            for paper in read
        )
    assert all(re.fullmatch(r'"\w+ \w+"', question.typed) for question in drawn["phrase"])
    assert all(re.fullmatch(r"\w{4}\*", question.typed) for question in drawn["prefix"])


def test_questions_skip_short_words_and_stop_words() -> None:
    """A drawn word is never short or a stop word, except that a phrase may contain one."""
    titles = ["A Model of the Sea", "Ships with the Old Sails", "On AI"]
    read = [papers.Paper(f"{title} deep water flow", year=2000, type="talk") for title in titles]
    drawn = {
        kind: [question.words for question in asked]
        for kind, asked in questions.draw(read, 60, 1).items()
    }
    for kind in ("word", "and", "or", "prefix"):
        for words in drawn[kind]:
            assert all(len(word) > 2 and word not in get_stop_words("en") for word in words)
    assert any(get_stop_words("en").intersection(words) for words in drawn["phrase"])
    assert not any(get_stop_words("en").issuperset(words) for words in drawn["phrase"])


def test_titles_without_words_are_an_error() -> None:
    with pytest.raises(ValueError, match="one word"):
        questions.draw([papers.Paper("12 + 3")], 1, 1)


def test_a_sample_is_part_of_a_larger_one(file: Path, tmp_path: Path) -> None:
    every = [paper.id for paper in papers.read(file)]
    found = []
    for size in (20, 60):
        papers.sample(file, size, 5, tmp_path / "sample.jsonl")
        found.append([paper.id for paper in papers.read(tmp_path / "sample.jsonl")])
    small, large = found
    assert len(small) == 20
    assert set(small) < set(large)
    assert large == [each for each in every if each in set(large)]


def test_copies_have_unique_ids(file: Path, tmp_path: Path) -> None:
    papers.repeat(file, 3, tmp_path / "many.jsonl")
    found = list(papers.read(tmp_path / "many.jsonl"))
    assert len({paper.id for paper in found}) == 3 * PAPERS
    assert [paper.title for paper in found] == 3 * [paper.title for paper in papers.read(file)]


def test_one_paper_is_changed(file: Path, tmp_path: Path) -> None:
    papers.change_one(file, tmp_path / "changed.jsonl")
    pairs = zip(papers.read(file), papers.read(tmp_path / "changed.jsonl"), strict=True)
    changed = [(before, after) for before, after in pairs if before != after]
    assert len(changed) == 1
    assert changed[0][1].title == f"{changed[0][0].title} revised"


class _Counting(engines.Engine):
    """An engine that records its queries."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []

    @staticmethod
    def build(lines: Path, folder: Path) -> None:
        """Build nothing."""

    def ask(self, question: Question) -> object:
        self.asked.append(question.typed)
        return None

    def read(self, answer: object) -> engines.Answer:
        return engines.Answer(3, [], {})


Way = Callable[[Mapping[str, engines.Engine], Sequence[Question], int], dict[str, Timed]]


@pytest.mark.parametrize(
    "way", [partial(timing.interleaved, turn=1), partial(timing.interleaved, turn=7),
            timing.round_by_round]
)  # fmt: skip
def test_every_engine_gets_every_question_in_every_round(way: Way, tmp_path: Path) -> None:
    asked = [Question("word", (word,), word) for word in WORDS]
    both = {"one": _Counting(tmp_path), "other": _Counting(tmp_path)}
    timed = way(both, asked, 4)
    assert both["one"].asked == both["other"].asked
    assert both["one"].asked[-4 * len(asked) :] == 4 * WORDS
    assert all(each.total == 3 for each in timed.values())
    assert all(len(each.medians) == 4 for each in timed.values())


@pytest.mark.parametrize(("number", "place"), [(500, 474), (20, 18), (1, 0)])
def test_the_95th_percentile_is_the_nearest_rank(number: int, place: int) -> None:
    """The 95th percentile of 500 sorted times is the 475th."""
    assert timing.at_p95(number) == place


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="memory is told by Linux only")
def test_the_memory_of_child_processes_is_measured() -> None:
    holding = (
        "import subprocess, sys\n"
        "held, own = bytearray(30_000_000), sys.argv[1]\n"
        "if len(sys.argv) < 3: subprocess.run([sys.executable, '-c', own, own, 'child'])\n"
        "else: print('ready', flush=True); sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", holding, holding], start_new_session=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    process.stdout.readline()
    seen = fresh.anonymous(process.pid)
    process.communicate()
    assert 60_000_000 < (seen or 0) < 120_000_000
    assert fresh.anonymous(process.pid) is None


def test_a_failed_process_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="child build SQLite FTS5"):
        fresh.run(Timed, "build", engines.SQLITE, tmp_path, tmp_path / "missing.jsonl")


def test_a_page_that_fails_ends_the_measurement(tmp_path: Path) -> None:
    index = tmp_path / "index"
    build.build(generated.write(tmp_path / "corpus", 20), index)
    assert len(pages.requested(index, ["/?q=ba"], tmp_path).taken) == 1
    with pytest.raises(RuntimeError, match="paging"):
        pages.requested(index, ["/?sort=sideways"], tmp_path)


def test_the_generated_tree_has_its_250_values(tmp_path: Path) -> None:
    index = tmp_path / "index"
    build.build(generated.write(tmp_path / "corpus", 4000), index)
    snapshot = Snapshot(directory.load_live(index))
    held = [len(snapshot.columns[row].values) - 1 for row in ("region", "country")]
    assert held == [generated.REGIONS, generated.COUNTRIES]
    assert {len(parents) for parents in snapshot.catalogue.groups.values()} == {1, 2}
