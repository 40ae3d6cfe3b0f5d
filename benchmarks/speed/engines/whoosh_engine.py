"""Stock Whoosh: its own writer, matchers, and scoring, with this project's schema."""

from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from whoosh import index as whoosh_index
from whoosh import query

from benchmarks.speed.engines import HITS, VALUES, Answer, Engine
from benchmarks.speed.engines.pubsearch_engine import PubsearchEngine
from benchmarks.speed.papers import FACETS
from benchmarks.speed.questions import Question
from benchmarks.whoosh_documents import make_document
from indexer.analysis import tokenizer
from indexer.catalogue import catalogue_toml, schema
from indexer.catalogue.records import Problem, Publication
from indexer.ingest import corpus

# With fewer clauses Whoosh builds a tree of matchers, which takes seconds for long posting lists.
query.Or.TOO_MANY_CLAUSES = 16

TEXTS = ("title", "summary")


class Answered(NamedTuple):
    """A response in Whoosh's own form."""

    total: int
    titles: list[str]
    facets: dict[str, list[tuple[str, int]]]


class WhooshEngine(Engine):
    """Stock Whoosh. Queries are built from its nodes directly, because its parser is slow.

    Facets are counted with a dict over values in memory. The titles are in memory too.
    """

    prepare = staticmethod(PubsearchEngine.prepare)

    @staticmethod
    def build(lines: Path, folder: Path) -> None:
        """Build with one commit of Whoosh's own writer."""
        catalogue = catalogue_toml.load(folder / "corpus")
        (folder / "index").mkdir()
        problems: list[Problem] = []
        index = whoosh_index.create_in(folder / "index", schema.derive_schema(catalogue))
        writer = index.writer(limitmb=256)
        for publication in corpus.read(folder / "corpus", catalogue, problems.append):
            writer.add_document(**make_document(publication, catalogue))
        writer.commit()
        index.close()

    def __init__(self, folder: Path) -> None:
        self.index = whoosh_index.open_dir(folder / "index")
        self.searcher = self.index.searcher()
        records = [
            msgspec.json.decode(stored["record"], type=Publication)
            for stored in self.searcher.reader().all_stored_fields()
        ]
        self.titles = [record.title for record in records]
        self.values = {
            name: [str(record.values.get(name, ("",))[0]) for record in records] for name in FACETS
        }

    def ask(self, question: Question) -> Answered:
        """Rank ten hits, then iterate over all matches and count the facets."""
        words = _tree(question)
        ticked = {
            name: set(self.searcher.docs_for_query(query.Term(f"{name}.value", value)))
            for name, value in question.ticked.items()
        }
        matched = set(self.searcher.docs_for_query(words))
        left = matched.intersection(*ticked.values())
        mask = left if ticked else None
        hits = self.searcher.search(words, limit=HITS, filter=mask)
        counts = {}
        for name in FACETS:
            others = (documents for facet, documents in ticked.items() if facet != name)
            counted = Counter(map(self.values[name].__getitem__, matched.intersection(*others)))
            del counted[""]
            counts[name] = counted.most_common(VALUES)
        return Answered(len(left), [self.titles[hit.docnum] for hit in hits], counts)

    def close(self) -> None:
        """Close the files of the index."""
        self.searcher.close()
        self.index.close()

    def read(self, answer: object) -> Answer:
        """Return the response unchanged."""
        assert isinstance(answer, Answered)
        return Answer(*answer)


def _tree(question: Question) -> Any:  # noqa: ANN401 - Whoosh has no types
    """Return the query nodes of a question. Each word may match in either field."""
    if question.kind == "prefix":
        beginning = tokenizer.SURFACE_PREFIX + question.typed.removesuffix("*")
        return query.Or([query.Prefix(name, beginning) for name in TEXTS])
    stems = [token.stem for token in tokenizer.tokenize(question.typed, "en")]
    if question.kind == "phrase":
        return query.Or([query.Phrase(name, stems) for name in TEXTS])
    leaves = [query.Or([query.Term(name, stem) for name in TEXTS]) for stem in stems]
    joined = query.Or if question.kind == "or" else query.And
    return joined(leaves) if len(leaves) > 1 else leaves[0]
