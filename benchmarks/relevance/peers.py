"""Other full-text engines on the same documents, configured as their documentation recommends.

A peer gets the words of a query without operators, and returns ids, best first. Its module is
imported by name on first use, because it may be missing.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from importlib import import_module, metadata
from pathlib import Path
from unittest.mock import patch

import msgspec

from benchmarks.relevance.judged import Document
from indexer.analysis import stemming

DEEPEST = 1000
"""Maximum length of a ranking. MAP is measured to this depth."""

TITLE_WEIGHT = 2.5

Rank = Callable[[str], list[str]]
"""Maps the words of a query to ids of documents, best first, at most `DEEPEST`."""


class Peer(msgspec.Struct, frozen=True):
    """A peer engine.

    `build` indexes documents in an empty folder and returns a function that ranks them. `module` is
    the required module, and `version` its version. `is_rival` separates the four peers with a
    target from variants with other options.
    """

    name: str
    setting: str
    module: str
    build: Callable[[Sequence[Document], Path], Rank]
    is_rival: bool = True

    @property
    def version(self) -> str:
        """Return the installed version. Raise PackageNotFoundError if the module is missing."""
        return sqlite3.sqlite_version if self.module == "sqlite3" else metadata.version(self.module)

    @property
    def is_installed(self) -> bool:
        """Return whether the peer can run. SQLite may lack its full-text search."""
        if self.module == "sqlite3":
            with closing(sqlite3.connect(":memory:")) as database:
                options = {option for (option,) in database.execute("PRAGMA compile_options")}
            return "ENABLE_FTS5" in options
        try:
            return bool(self.version)
        except metadata.PackageNotFoundError:
            return False


def content_words(words: str) -> str:
    """Return the words without this engine's stop words, or all words if there are no others."""
    every = words.split()
    kept = [word for word in every if word not in stemming.get_stop_words("en")]
    return " ".join(kept or every)


def _tantivy(documents: Sequence[Document], folder: Path, title_weight: float = 1.0) -> Rank:
    library = import_module("tantivy")
    schema = library.SchemaBuilder()
    schema.add_text_field("id", stored=True, tokenizer_name="raw")
    for field in ("title", "text"):
        schema.add_text_field(field, tokenizer_name="en_stem")
    index = library.Index(schema.build(), path=str(folder))
    writer = index.writer(num_threads=1)
    for each in documents:
        writer.add_document(library.Document(id=each.id, title=each.title, text=each.text))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()
    boosts = {"title": title_weight}

    def rank(words: str) -> list[str]:
        plain = words.replace("'", " ")  # a quote to its parser, a gap to its tokenizer
        query = index.parse_query(plain, ["title", "text"], field_boosts=boosts)
        hits = searcher.search(query, DEEPEST, count=False).hits
        return [searcher.doc(address)["id"][0] for _, address in hits]

    return rank


def _tantivy_alike(documents: Sequence[Document], folder: Path) -> Rank:
    rank = _tantivy(documents, folder, TITLE_WEIGHT)
    return lambda words: rank(content_words(words))


def _fts5(documents: Sequence[Document], folder: Path, title_weight: float = 1.0) -> Rank:
    file, columns = folder / "fts5.db", "id UNINDEXED, title, text"
    with closing(sqlite3.connect(file)) as database, database:
        database.execute(f"CREATE VIRTUAL TABLE found USING fts5({columns}, tokenize='porter')")
        rows = ((each.id, each.title, each.text) for each in documents)
        database.executemany("INSERT INTO found VALUES (?, ?, ?)", rows)
        weighed = f"bm25(0, {title_weight}, 1)"
        database.execute("INSERT INTO found(found, rank) VALUES ('rank', ?)", (weighed,))
    select = f"SELECT id FROM found WHERE found MATCH ? ORDER BY rank LIMIT {DEEPEST}"

    def rank(words: str) -> list[str]:
        query = " OR ".join(f'"{word}"' for word in words.split())
        with closing(sqlite3.connect(file)) as database:
            return [identity for (identity,) in database.execute(select, (query,))]

    return rank


def _fts5_alike(documents: Sequence[Document], folder: Path) -> Rank:
    rank = _fts5(documents, folder, TITLE_WEIGHT)
    return lambda words: rank(content_words(words))


def _bm25s(documents: Sequence[Document], folder: Path, stop_words: str = "en") -> Rank:
    library, stemmer = import_module("bm25s"), import_module("Stemmer").Stemmer("english")

    def tokens(texts: Iterable[str]) -> list[list[str]]:
        found: list[list[str]] = library.tokenize(
            list(texts),
            stopwords=stop_words,
            stemmer=stemmer,
            return_ids=False,
            show_progress=False,
        )
        return found

    retriever = library.BM25()
    retriever.index(tokens(f"{each.title} {each.text}" for each in documents), show_progress=False)
    most = min(DEEPEST, len(documents))

    def rank(words: str) -> list[str]:
        numbers, scores = retriever.retrieve(tokens([words]), k=most, show_progress=False)
        pairs = zip(numbers[0].tolist(), scores[0].tolist(), strict=True)
        return [documents[number].id for number, score in pairs if score > 0]

    return rank


def _bm25s_long(documents: Sequence[Document], folder: Path) -> Rank:
    return _bm25s(documents, folder, "en_plus")


def _whoosh(
    documents: Sequence[Document], folder: Path, boosts: dict[str, float] | None = None
) -> Rank:
    fields, index = import_module("whoosh.fields"), import_module("whoosh.index")
    parsing, nodes = import_module("whoosh.qparser"), import_module("whoosh.query")
    analyzer = import_module("whoosh.analysis").StemmingAnalyzer()
    names = ["title", "text"]
    schema = fields.Schema(
        id=fields.ID(stored=True), **{name: fields.TEXT(analyzer=analyzer) for name in names}
    )
    writer = (made := index.create_in(str(folder), schema)).writer(limitmb=256)
    for each in documents:
        writer.add_document(id=each.id, title=each.title, text=each.text)
    writer.commit()
    searcher = made.searcher()  # ranks with BM25F by default
    parser = parsing.MultifieldParser(names, schema, boosts, group=parsing.OrGroup)
    parser.remove_plugin_class(parsing.SingleQuotePlugin)  # an apostrophe is not an operator

    def rank(words: str) -> list[str]:
        # With 16 or more clauses Whoosh reads its posting lists one by one. Its tree of pairs would
        # take minutes for a query of 300 words and gives the same hits.
        with patch.object(nodes.Or, "TOO_MANY_CLAUSES", 16):
            hits = searcher.search(parser.parse(words), limit=DEEPEST)
            return [hit["id"] for hit in hits]

    return rank


def _whoosh_alike(documents: Sequence[Document], folder: Path) -> Rank:
    return _whoosh(documents, folder, {"title": TITLE_WEIGHT})


PEERS = (
    Peer("Tantivy", "en_stem, sum of BM25 per field", "tantivy", _tantivy),
    Peer("SQLite FTS5", "porter, bm25()", "sqlite3", _fts5),
    Peer("bm25s", "English stop words, PyStemmer, title and text joined", "bm25s", _bm25s),
    Peer("Whoosh", "StemmingAnalyzer, BM25F, OrGroup", "whoosh", _whoosh),
    Peer("Tantivy, weighted", "title weight 2.5, our stop words", "tantivy", _tantivy_alike, False),
    Peer(
        "SQLite FTS5, weighted", "title weight 2.5, our stop words", "sqlite3", _fts5_alike, False
    ),
    Peer("bm25s, long list", "long list of stop words", "bm25s", _bm25s_long, False),
    Peer("Whoosh, weighted", "title weight 2.5", "whoosh", _whoosh_alike, False),
)
