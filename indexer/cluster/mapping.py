"""Settings and mappings of the indexes of a generation, derived from its catalogue.

The postings have frequencies only. Weights, mean lengths and document frequencies come with a
query, so a change of the corpus changes no other document.
"""

from __future__ import annotations

from collections.abc import Iterator

from indexer.catalogue import schema
from indexer.catalogue.fields import Catalogue

Json = dict[str, object]
"""An object of JSON."""

FORMAT = 2
"""Version of the documents and their mapping. It grows with every change of either, except in the
parts for full texts, for which a change has another version of the extraction."""
MAX_TERM_CHARS = 8_000
"""Limit on the characters of a term, a facet value, and a title key. Lucene rejects terms over
32,766 bytes, and a character has at most 4. A longer one is cut, so two with this prefix are
equal."""
MAX_RESULT_WINDOW = 100_000
"""Number of hits up to which a page is one request. A later page is reached from the first hit."""
TEXT_GAP = 1
"""Positions between two texts of one field: the one of the mark that a segment has between them. So
phrases end there, and distances of words are those of a segment."""
TEXTS, PAGES = "texts", "texts.pages"
"""The paths of nested documents: the full texts of a publication, and the pages of each."""
PROBLEMS = "problems"
"""The field with the problems of files whose full text is too long, each as JSON."""
MAX_NESTED = 1_000_000
"""Limit on the full texts and pages of a publication. The default, 10,000, is that of two files."""
SYNONYM_SEPARATOR = "|"
"""Separates the terms of one clause in a query. No term contains it."""

_SPACE = "\ue000"
"""Replaces a space in a term. A ligature such as U+FDFA is folded to several words in one term."""

_ANALYSIS: Json = {
    "tokenizer": {
        # Its limit is in UTF-16 code units, of which a character has at most 2.
        "space": {"type": "whitespace", "max_token_length": 2 * MAX_TERM_CHARS},
    },
    "filter": {
        "pieces": {
            "type": "pattern_capture",
            "preserve_original": False,
            "patterns": [f"([^{SYNONYM_SEPARATOR}]+)"],
        },
    },
    "analyzer": {
        "space": {"type": "custom", "tokenizer": "space"},
        "synonyms": {"type": "custom", "tokenizer": "keyword", "filter": ["pieces"]},
    },
}
_SIMILARITY: Json = {
    "frequency": {
        "type": "scripted",
        "weight_script": {"source": "return query.boost;"},
        "script": {"source": "return weight * doc.freq;"},
    },
}

_NUMBER: Json = {"type": "integer", "index": False}
_STORED: Json = {"type": "keyword", "index": False, "doc_values": False, "store": True}
_TEXT: Json = {
    "type": "text", "analyzer": "space", "search_analyzer": "synonyms", "norms": False,
    "similarity": "frequency",
}  # fmt: skip
_POSITIONS: Json = _TEXT | {"position_increment_gap": TEXT_GAP}
_FREQUENCIES: Json = _TEXT | {"index_options": "freqs"}
_PAGE_FIELDS: Json = {
    "number": _NUMBER, "pos": _POSITIONS, "word": _FREQUENCIES, "text": _STORED,
}  # fmt: skip
_TEXT_FIELDS: Json = {
    "files": _STORED,
    "digest": {"type": "keyword"},
    PROBLEMS: {"type": "keyword"},
    TEXTS: {
        "type": "nested",
        "properties": {
            "length": _NUMBER,
            "pages": {"type": "nested", "properties": _PAGE_FIELDS},
        },
    },
}
_TEXT_SETTINGS: Json = {
    "mapping.nested_objects.limit": MAX_NESTED, "max_inner_result_window": MAX_NESTED,
}  # fmt: skip


def make_term(term: str) -> str:
    """Return a word or a stem as the index has it: without spaces, and not too long."""
    return term[:MAX_TERM_CHARS].replace(" ", _SPACE)


def make_index(catalogue: Catalogue, shards: int, *, has_texts: bool = False) -> Json:
    """Return the body of the request that creates the index of a generation.

    Without full texts, there are no fields for them. The index is set up for loading: it has no
    replicas, is not refreshed, and a crash of a node may lose the last documents.
    """
    return {
        "settings": {
            "index": {
                "number_of_shards": shards,
                "number_of_replicas": 0,
                "refresh_interval": "-1",
                "codec": "best_compression",
                "translog.durability": "async",
                "translog.flush_threshold_size": "1gb",
                "max_result_window": MAX_RESULT_WINDOW,
                "similarity": _SIMILARITY,
                "analysis": _ANALYSIS,
                **(_TEXT_SETTINGS if has_texts else {}),
            },
        },
        "mappings": {
            "dynamic": "strict",
            # A hidden copy of each document would take three times the space of the records.
            "_source": {"enabled": False, "recovery_source_enabled": False},
            "properties": dict(_list_properties(catalogue)) | (_TEXT_FIELDS if has_texts else {}),
        },
    }


def make_files_index() -> Json:
    """Return the body of the request that creates the index of the files of a generation."""
    unindexed = {"index": False, "doc_values": False}
    return {
        "settings": {"index": {"number_of_shards": 1, "number_of_replicas": 0}},
        "mappings": {
            "dynamic": "strict",
            "properties": {
                "parts": {"type": "integer", **unindexed},
                "digest": {"type": "keyword", **unindexed},
                "data": {"type": "binary"},
            },
        },
    }


def _list_properties(catalogue: Catalogue) -> Iterator[tuple[str, Json]]:
    """Yield the name and the type of each field of a document."""
    yield "id", {"type": "keyword"}
    yield "record", _STORED
    yield "title_key", {"type": "keyword", "index": False}
    yield "year", _NUMBER
    yield "group", {"type": "long"}
    yield "editions", {"type": "integer"}
    for field in catalogue.searchable:
        yield f"pos_{field.name}", _POSITIONS
        yield f"word_{field.name}", _FREQUENCIES
        yield f"len_{field.name}", _NUMBER
    for field in schema.list_selectable_fields(catalogue):
        yield f"facet_{field.name}", {"type": "keyword", "eager_global_ordinals": True}
    for field in catalogue.identifiers:
        yield f"facet_{field.name}", {"type": "keyword", "doc_values": False}
