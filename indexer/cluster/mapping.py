"""The settings and the mapping of the index of a generation, derived from its catalogue.

`stems.FIELD` contains the stems of a searchable field and `words.FIELD` its words as written, each
separated by spaces. `stems_of_all` and `words_of_all` have those of all fields. `facets.FIELD` has
values, and `firsts.FIELD` the first of them if they are names. `record` is the publication as JSON,
because a node may change the order of keys.
"""

from indexer.catalogue.fields import Catalogue
from indexer.codec.segment.postings import B_SHORT, B

Json = dict[str, object]
"""An object of JSON."""

FORMAT = 8
"""Version of the documents and their mapping. It grows with every change of either."""
MAX_TERM_CHARS = 8_000
"""Limit on the characters of a term, a facet value, and a title key. Lucene rejects terms over
32,766 bytes, and a character has at most 4. A longer one is cut, so two with this prefix are
equal."""
MAX_RESULT_WINDOW = 2**31 - 1
"""Limit on the hits up to the end of a page. A node keeps at most as many as it has documents."""
MAX_NESTED = 1_000_000
"""Limit on the full texts and pages of a publication. The default, 10,000, is that of two files."""
STEMS, WORDS = "stems_of_all", "words_of_all"
"""The fields with the stems of all searchable fields, and with their words as written."""
TEXTS, PAGES = "texts", "texts.pages"
"""The paths of nested documents: the full texts of a publication, and the pages of each."""
PROBLEMS = "problems"
"""The field with the problems of files whose full text is too long, each as JSON."""
_FREQUENCY = """
double mean = (double) field.sumTotalTermFreq / field.docCount;
return query.boost * doc.freq / (1 - {b} + {b} * doc.length / mean);
"""
"""The score of a word in a field: its boost times its frequency, normalized by length as in
`postings.make_norms`. The frequencies in all fields saturate together, and idf is that of a clause,
so BM25, which does both in each field, has another order."""
_SPACE = "\ue000"
"""Replaces a space in a term. A ligature such as U+FDFA is folded to several words in one term."""

_SETTINGS: Json = {
    "number_of_replicas": 0,
    "refresh_interval": "-1",
    "max_result_window": MAX_RESULT_WINDOW,
    "mapping.nested_objects.limit": MAX_NESTED,
    "max_inner_result_window": MAX_NESTED,
    "similarity": {
        name: {"type": "scripted", "script": {"source": _FREQUENCY.format(b=b)}}
        for name, b in (("long", B), ("short", B_SHORT))
    },
    "analysis": {
        # Its limit is in UTF-16 code units, of which a character has at most 2.
        "tokenizer": {"space": {"type": "whitespace", "max_token_length": 2 * MAX_TERM_CHARS}},
        "analyzer": {"space": {"type": "custom", "tokenizer": "space"}},
    },
}
_NUMBER: Json = {"type": "integer", "index": False}
_SHOWN: Json = {"type": "keyword", "index": False, "doc_values": False}
_KEPT: Json = {"type": "object", "enabled": False}
# Between two texts of a field is a position without a word, as in a segment, so phrases end there.
_GAP: Json = {"position_increment_gap": 1}
_TEXT: Json = {"type": "text", "analyzer": "space"}
_PLAIN = _TEXT | _GAP | {"norms": False}
_DOCUMENTS = _TEXT | {"norms": False, "index_options": "docs"}
_OF_TEXTS: Json = {
    "files": _KEPT,
    "file_digest": {"type": "keyword"},
    PROBLEMS: {"type": "keyword", "index": False},
    TEXTS: {
        "type": "nested",
        "properties": {
            "pages": {
                "type": "nested",
                "properties": {
                    "number": _NUMBER,
                    "stems": _PLAIN,
                    "words": _PLAIN,
                    "text": {"type": "keyword", "index": False, "doc_values": False, "store": True},
                },
            }
        },
    },
}


def make_term(term: str) -> str:
    """Return a word or a stem as the index has it: without spaces, and not too long."""
    return term[:MAX_TERM_CHARS].replace(" ", _SPACE)


def make_index(catalogue: Catalogue, shards: int) -> Json:
    """Return the body of the request that creates the index of a generation, set up for loading."""
    searchable = catalogue.searchable
    texts = {
        field.name: _TEXT | _GAP | {"similarity": "long" if field.role == "abstract" else "short"}
        for field in searchable
    }
    stems = {name: text | {"copy_to": STEMS} for name, text in texts.items()}
    words = {name: text | {"copy_to": WORDS} for name, text in texts.items()}
    facets: Json = {
        field.name: {"type": "keyword", "eager_global_ordinals": True}
        for field in catalogue.selectable
    }
    facets |= {field.name: {"type": "keyword", "doc_values": False} for field in catalogue.unlisted}
    properties: Json = {
        "id": {"type": "keyword"},
        "title": _SHOWN,
        "record": _SHOWN,
        "title_key": {"type": "keyword", "index": False},
        "title_words": _NUMBER,
        "year": _NUMBER,
        "added": {"type": "long"},
        "changed": {"type": "long"},
        "group": {"type": "long"},
        "editions": {"type": "integer"},
        "digest": {"type": "keyword", "index": False},
        "stems": {"properties": stems},
        "words": {"properties": words},
        "facets": {"properties": facets},
        "firsts": {"properties": {each.name: facets[each.name] for each in catalogue.name_facets}},
        STEMS: _PLAIN,
        WORDS: _DOCUMENTS,
        **(_OF_TEXTS if catalogue.fulltext else {}),
    }
    return {
        "settings": {"index": _SETTINGS | {"number_of_shards": shards}},
        "mappings": {
            "dynamic": "strict",
            "_source": {"excludes": ["stems", "words", TEXTS]},
            "properties": properties,
        },
    }


FILES_INDEX: Json = {
    "settings": {"index": {"number_of_shards": 1, "number_of_replicas": 0}},
    "mappings": {"dynamic": "strict", "properties": {"data": {"type": "binary"}}},
}
"""The body of the request that creates the index of the files that readers need."""
