"""The documents of a segment as lines of bulk requests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import msgspec
import pytest
from hypothesis import given

from indexer.analysis import tokenizer
from indexer.catalogue import schema
from indexer.catalogue.fields import MISSING, Field
from indexer.catalogue.records import Publication, SourceLocation
from indexer.cluster import documents, mapping
from indexer.codec.segment import postings
from indexer.codec.segment.reader import Segment
from indexer.codec.segment.sort_orders import make_title_key
from tests.indexer.codec.segments import CATALOGUE, fresh, publications, written

Document = dict[str, Any]


def segment_of(made: Sequence[Publication], folder: Path) -> Segment:
    """Write publications as a segment."""
    return written(folder / "segment", fresh(made))


def decoded(segment: Segment) -> list[tuple[str, Document]]:
    """Return the `_id` and the document of each publication, in order."""
    found = []
    for lines in documents.list_documents(
        documents.Source(segment, documents.make_groups(segment))
    ):
        action, document = lines.splitlines()
        found.append((msgspec.json.decode(action)["index"]["_id"], msgspec.json.decode(document)))
    return found


def titled(*titles: str, lang: str | None = None) -> list[Publication]:
    """Return publications with these titles and the ids p0, p1, and so on."""
    return [
        Publication(id=f"p{number}", title=title, source=SourceLocation("made", 1), lang=lang)
        for number, title in enumerate(titles)
    ]


def expected_text(publication: Publication, field: Field) -> Document:
    """Return the fields of a searchable row, made of its text by the tokenizer."""
    text = schema.get_text(publication, field, CATALOGUE)
    language = schema.get_language(publication, field, CATALOGUE)
    tokens = list(tokenizer.tokenize(text, language))
    if not tokens:
        return {}
    texts: list[list[str]] = [[]]
    for before, token in zip([None, *tokens], tokens, strict=False):
        if before and token.position > before.position + 1:
            texts.append([])
        texts[-1].append(mapping.make_term(token.stem))
    return {
        f"pos_{field.name}": texts,
        f"word_{field.name}": [mapping.make_term(token.surface) for token in tokens],
        f"len_{field.name}": len(tokens),
    }


def split_texts(document: Document, row: str) -> Document:
    """Return the fields of a searchable row of a document, split into words."""
    if f"len_{row}" not in document:
        return {}
    split = [text.split() for text in document[f"pos_{row}"]]
    return {
        f"pos_{row}": [words for words in split if words],
        f"word_{row}": document[f"word_{row}"].split(),
        f"len_{row}": document[f"len_{row}"],
    }


@given(publications())
def test_a_document_has_the_words_that_the_tokenizer_makes_of_its_texts(
    made: list[Publication],
) -> None:
    """Stems, words as written, and lengths equal those of the tokenized publication."""
    with TemporaryDirectory() as folder:
        found = decoded(segment_of(made, Path(folder)))
    for publication, (_, document) in zip(made, found, strict=True):
        for field in CATALOGUE.searchable:
            assert split_texts(document, field.name) == expected_text(publication, field)


@given(publications())
def test_a_document_has_the_publication_and_its_values(made: list[Publication]) -> None:
    """The record is the whole publication; facets, year and title key are derived from it."""
    with TemporaryDirectory() as folder:
        found = decoded(segment_of(made, Path(folder)))
    for publication, (identity, document) in zip(made, found, strict=True):
        assert identity == document["id"] == publication.id
        assert msgspec.json.decode(document["record"], type=Publication) == publication
        for row in ("topic", "year"):
            values = {str(value) for value in publication.values.get(row, (MISSING,))}
            assert sorted(document[f"facet_{row}"]) == sorted(values)
        assert (document.get("year"),) == publication.values.get("year", (None,))
        language = publication.lang or CATALOGUE.language
        assert document["title_key"] == make_title_key(publication.title, language)


@given(publications())
def test_a_document_has_no_field_that_the_mapping_lacks(made: list[Publication]) -> None:
    """OpenSearch rejects a document with an unknown field."""
    body: Any = mapping.make_index(CATALOGUE, shards=1)
    with TemporaryDirectory() as folder:
        found = decoded(segment_of(made, Path(folder)))
    for _, document in found:
        assert document.keys() <= body["mappings"]["properties"].keys()


@given(publications())
def test_documents_do_not_depend_on_the_size_of_a_run(made: list[Publication]) -> None:
    """Encoding one document at a time gives the same lines as encoding all at once."""
    with TemporaryDirectory() as folder:
        segment = segment_of(made, Path(folder))
        groups = documents.make_groups(segment)
        together = list(documents.list_documents(documents.Source(segment, groups)))
        with mock.patch.object(postings, "MAX_RUN_WORDS", 1):
            assert list(documents.list_documents(documents.Source(segment, groups))) == together


def test_editions_of_a_title_share_a_group(tmp_path: Path) -> None:
    """Editions have one group and state how many others there are; other titles do not."""
    found = decoded(
        segment_of(
            titled(
                "Global Report on Trafficking in Persons 2016", "Global Report on Victims",
                "Global Report on Trafficking in Persons 2018",
            ),
            tmp_path,
        )
    )  # fmt: skip
    first, other, second = (document for _, document in found)
    assert first["group"] == second["group"] != other["group"]
    assert [each.get("editions") for each in (first, other, second)] == [1, None, 1]


def test_another_salt_is_taken_if_two_ids_have_the_same_hash(tmp_path: Path) -> None:
    """Groups of different titles differ, even if a hash is short."""
    segment = segment_of(titled("One", "Two", "Three", "Four"), tmp_path)
    with mock.patch.object(documents, "GROUP_BITS", 3):
        groups = documents.make_groups(segment)
    assert len(set(groups.hashes.tolist())) == 4
    assert groups.salt > 0


@pytest.mark.parametrize("identity", ["é" * 200, "\U00020000" * 128, "\U00020000" * 129, "a/b"])
def test_an_id_of_any_length_fits(identity: str) -> None:
    """An id over 512 bytes is replaced by its digest."""
    found = documents.make_document_id(identity)
    assert len(found.encode()) <= documents.MAX_ID_BYTES
    assert (found == identity) == (len(identity.encode()) <= documents.MAX_ID_BYTES)


def test_a_very_long_word_or_value_is_cut(tmp_path: Path) -> None:
    """No term, value or title key is longer than Lucene accepts, with 4 bytes a character."""
    text = "\U00010300" * 20_000
    publication = msgspec.structs.replace(titled(text)[0], values={"topic": (text,)})
    ((_, document),) = decoded(segment_of([publication], tmp_path))
    names = ("title_key", "word_title", "pos_title", "facet_topic")
    for found in (document[name] for name in names):
        term = found[0] if isinstance(found, list) else found
        assert len(term) == mapping.MAX_TERM_CHARS
        assert len(term.encode()) < 32_766


def test_a_word_that_is_folded_to_several_is_one_term(tmp_path: Path) -> None:
    """The ligature U+FDFA is folded to four words, which the index would split at their spaces."""
    ((_, document),) = decoded(segment_of(titled("\ufdfa peace"), tmp_path))
    assert len(str(document["word_title"]).split()) == 2
    assert len(str(document["pos_title"]).split()) == 2
