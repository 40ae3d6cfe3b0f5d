"""Preparation of a generation: requests use only complete objects and derive no large ones."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import msgspec
import pytest

from indexer.generations import directory
from indexer.jobs import build
from search_app.engine import Engine, LoadOptions, Searcher, SearchRequest
from search_app.engine.arrays.store import ArrayStore
from search_app.engine.deadline import Deadline
from search_app.engine.interpretation.entities import HashIndex, ValueNames
from search_app.engine.interpretation.interpreter import Interpreter
from search_app.engine.interpretation.query_expansion import EntityLinker
from search_app.engine.interpretation.spellcheck import SpellChecker
from search_app.engine.query import nodes
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.snapshot.snapshot import Snapshot
from tests.search_app.texts import CATALOGUE, PUBLICATIONS, TEXTS, make_index_with_texts

pytestmark = pytest.mark.slow

HOUSES = ("search_app", "indexer")
SEARCHES = (
    SearchRequest("organ removal"),
    SearchRequest("traffick* AND -sea"),
    SearchRequest("*ea*"),
    SearchRequest("traficking~"),
    SearchRequest('"model law"', {"region": ("Africa",)}, fold=True),
    SearchRequest("UNTOC toolkit 2008", explain=True),
    SearchRequest("ICAT issue brief"),
    SearchRequest("xyzzy plugh"),
    SearchRequest("", {"language": ("fr", "es")}, sort="title"),
)


def parts(of: object, seen: dict[int, object]) -> dict[int, object]:
    if id(of) in seen:
        return seen
    seen[id(of)] = of
    for each in vars(of).values() if hasattr(of, "__dict__") else ():
        for one in each.values() if isinstance(each, dict) else (each,):
            if type(one).__module__.startswith(HOUSES):
                parts(one, seen)
    return seen


def derived(searcher: Searcher) -> Iterator[tuple[str, str]]:
    for each in parts(searcher, {}).values():
        for kind in type(each).__mro__:
            for name, value in vars(kind).items():
                if isinstance(value, cached_property) and name in vars(each):
                    yield type(each).__name__, name


def test_a_search_derives_no_cached_property(catalogue_index: Path) -> None:
    engine = Engine(catalogue_index, LoadOptions(prepared=True))
    searcher = engine.get_searcher()
    kinds = {type(each) for each in parts(searcher, {}).values()}
    assert {ArrayStore, EntityLinker, Interpreter, Vocabulary, Snapshot, SpellChecker} <= kinds
    before = sorted(derived(searcher))
    for each in SEARCHES:
        engine.search(each)
    searcher.suggest("south a")
    searcher.find_related(next(searcher.scan(SearchRequest())).id)
    assert {
        ("Interpreter", "entity_linker"), ("Interpreter", "spellchecker"),
        ("Vocabulary", "_stem_numbers"), ("Dictionary", "surfaces"),
    } <= set(before)  # fmt: skip
    assert sorted(derived(searcher)) == before


def test_no_search_derives_the_names_of_values(
    catalogue_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(catalogue_index, LoadOptions(prepared=True))
    searcher = engine.get_searcher()
    made: list[HashIndex] = []
    monkeypatch.setattr(HashIndex, "__init__", lambda self, _: made.append(self))
    for field in searcher.catalogue.queryable:
        engine.search(f"{field.name}:police")
    engine.search("ICAT issue brief")
    assert not made


@pytest.mark.parametrize("inside", [True, False])
def test_searches_with_and_without_texts_are_prepared(tmp_path: Path, inside: bool) -> None:
    folder = make_index_with_texts(tmp_path, CATALOGUE, PUBLICATIONS, TEXTS)
    engine = Engine(folder, LoadOptions(prepared=True))
    searcher = engine.get_searcher()
    before = sorted(derived(searcher))
    for each in SEARCHES[:4]:
        engine.search(msgspec.structs.replace(each, inside=inside))
    searcher.suggest("org", SearchRequest(inside=inside))
    assert sorted(derived(searcher)) == before


def test_a_generation_is_used_only_after_it_is_prepared(
    catalogue_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, held = Engine(catalogue_index, LoadOptions(prepared=True)), []
    prepare = EntityLinker.prepare

    def watched(self: EntityLinker) -> None:
        held.append(engine.current)
        prepare(self)
        held.append(engine.current)

    monkeypatch.setattr(EntityLinker, "prepare", watched)
    assert engine.get_searcher() is engine.current
    assert held == [None, None]


class CountingStore(ArrayStore):
    """A store that records the number of clauses of each request to count some."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__(snapshot)
        self.counted: list[int] = []

    def count_all(self, clauses: Sequence[nodes.Clause], deadline: Deadline) -> list[int]:
        self.counted.append(len(clauses))
        return super().count_all(clauses, deadline)


def test_labels_are_counted_together_and_once(catalogue_index: Path) -> None:
    generation = directory.load_live(catalogue_index)
    store = CountingStore(Snapshot(generation))
    vocabulary, thesaurus = store.snapshot.vocabulary, generation.read_thesaurus()
    fresh = EntityLinker(
        vocabulary, store, thesaurus, ValueNames(vocabulary, vocabulary.word_fields)
    )
    fresh.prepare()
    assert len(store.counted) == 2
    assert min(store.counted) > 100
    assert fresh.link(["smuggling", "of", "migrants"], shouted=False)
    assert len(store.counted) == 2


def test_no_request_reads_the_pointer(corpus: Path, index: Path) -> None:
    """A request is answered from the generation in use, even if the pointer cannot be read."""
    engine = Engine(index, LoadOptions(prepared=True))
    first = engine.get_searcher()
    second = build.build(corpus, index, force=True).generation.name
    assert engine.get_searcher() is first
    (index / "CURRENT").unlink()
    (index / "CURRENT").mkdir()
    assert engine.get_searcher() is first
    assert engine.failed is None
    (index / "CURRENT").rmdir()
    (index / "CURRENT").write_text(second + "\n")
    engine.refresh()
    assert engine.get_searcher().name == second
