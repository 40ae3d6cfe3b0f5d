"""The documents of a segment, with full texts."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import msgspec
import numpy as np
import pytest
from hypothesis import given

from indexer.analysis import tokenizer
from indexer.catalogue import schema
from indexer.catalogue.fields import MISSING, Field
from indexer.catalogue.records import Problem, Publication, SourceLocation
from indexer.cluster import documents, mapping
from indexer.cluster.documents import Action
from indexer.codec.segment import postings
from indexer.codec.segment.docstore import make_title_key
from indexer.codec.segment.fulltext import AttachedTexts, open_texts
from indexer.codec.segment.reader import Segment
from indexer.fulltext.text import FullText
from indexer.generations import directory
from tests.indexer.codec.segments import CATALOGUE, fresh, publications, written
from tests.search_app.texts import CATALOGUE as WITH_TEXTS
from tests.search_app.texts import make_index_with_texts, make_publication, make_text

Document = dict[str, Any]


def segment_of(made: Sequence[Publication], folder: Path) -> Segment:
    return written(folder / "segment", fresh(made))


def list_documents(segment: Segment, texts: AttachedTexts | None = None) -> Iterator[Action]:
    return documents.list_documents(segment, texts, np.array([[1], [2]]).repeat(segment.size, 1))


def made_folder(folder: Path) -> Path:
    folder.mkdir()
    return folder


def decoded(segment: Segment) -> list[tuple[str, Document]]:
    """Return the `_id` and the document of each publication, in order."""
    return [(action.id, msgspec.json.decode(action.source)) for action in list_documents(segment)]


def titled(*titles: str, lang: str | None = None) -> list[Publication]:
    """Return publications with these titles and the ids p0, p1, and so on."""
    return [
        Publication(id=f"p{number}", title=title, source=SourceLocation("made", 1), lang=lang)
        for number, title in enumerate(titles)
    ]


def expected_text(publication: Publication, field: Field) -> Document:
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
    return {"stems": texts, "words": [mapping.make_term(token.surface) for token in tokens]}


def split_texts(document: Document, field: str) -> Document:
    if field not in document["stems"]:
        return {}
    split = [text.split() for text in document["stems"][field]]
    words = " ".join(document["words"][field]).split()
    return {"stems": [words for words in split if words], "words": words}


@given(publications())
def test_a_document_has_the_words_that_the_tokenizer_makes_of_its_texts(
    made: list[Publication],
) -> None:
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
        dated = msgspec.structs.replace(publication, added=1, changed=2)
        assert msgspec.json.decode(document["record"], type=Publication) == dated
        assert (document["added"], document["changed"]) == (1, 2)
        for field in ("topic", "year"):
            values = {str(value) for value in publication.values.get(field, (MISSING,))}
            assert sorted(document["facets"][field]) == sorted(values)
        assert (document.get("year"),) == publication.values.get("year", (None,))
        language = publication.lang or CATALOGUE.language
        assert document["title_key"] == make_title_key(publication.title, language)


@given(publications())
def test_a_document_has_no_field_that_the_mapping_lacks(made: list[Publication]) -> None:
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
        together = list(list_documents(segment))
        with mock.patch.object(postings, "MAX_RUN_WORDS", 1):
            assert list(list_documents(segment)) == together


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


def test_a_digest_changes_with_the_document_only(tmp_path: Path) -> None:
    """A publication keeps its digest whatever others there are, unless its editions change."""
    titles = ["Global Report on Trafficking in Persons 2016", "Other"]
    alone, all_three = (
        {action.id: action.digest for action in list_documents(segment)}
        for segment in (
            segment_of(titled(*titles), made_folder(tmp_path / "two")),
            segment_of(
                titled(*titles, titles[0].replace("6", "8")), made_folder(tmp_path / "three")
            ),
        )
    )
    assert alone["p1"] == all_three["p1"]
    assert alone["p0"] != all_three["p0"]


@pytest.mark.parametrize("identity", ["é" * 200, "\U00020000" * 128, "\U00020000" * 129, "a/b"])
def test_an_id_of_any_length_fits(identity: str) -> None:
    """An id over 512 bytes is replaced by its digest."""
    found = documents.make_document_id(identity)
    assert len(found.encode()) <= documents.MAX_ID_BYTES
    assert (found == identity) == (len(identity.encode()) <= documents.MAX_ID_BYTES)


def test_a_very_long_word_or_value_is_cut(tmp_path: Path) -> None:
    text = "\U00010300" * 20_000
    publication = msgspec.structs.replace(titled(text)[0], values={"topic": (text,)})
    ((_, document),) = decoded(segment_of([publication], tmp_path))
    cut = [document["title_key"], document["words"]["title"][0], document["stems"]["title"][0]]
    for term in (*cut, document["facets"]["topic"][0]):
        assert len(term) == mapping.MAX_TERM_CHARS
        assert len(term.encode()) < 32_766


def test_a_word_that_is_folded_to_several_is_one_term(tmp_path: Path) -> None:
    """The ligature U+FDFA is folded to four words, which the index would split at their spaces."""
    ((_, document),) = decoded(segment_of(titled("\ufdfa peace"), tmp_path))
    assert len(" ".join(document["words"]["title"]).split()) == 2
    assert len(" ".join(document["stems"]["title"]).split()) == 2


def encode(folder: Path, texts: Sequence[FullText]) -> tuple[Document, list[Problem]]:
    index = make_index_with_texts(
        folder, WITH_TEXTS, [make_publication("a", "Boats")],
        {"a": {f"{number}.pdf": text for number, text in enumerate(texts)}},
    )  # fmt: skip
    place = directory.load_live(index).segment
    segment = Segment(place, WITH_TEXTS)
    [action] = list_documents(segment, open_texts(place, WITH_TEXTS))
    document = msgspec.json.decode(action.source)
    problems = (msgspec.json.decode(each, type=Problem) for each in document.get("problems", ()))
    return document, [*problems]


def test_a_page_has_its_words_as_written_and_stemmed(tmp_path: Path) -> None:
    document, problems = encode(tmp_path, [make_text("a", ["The boats\n\nof pirates", "", "..."])])
    [nested] = document["texts"]
    [page] = nested["pages"]
    assert page["number"] == 1
    assert [value.split() for value in page["stems"]] == [["the", "boat"], ["of", "pirat"]]
    assert [value.split() for value in page["words"]] == [["the", "boats"], ["of", "pirates"]]
    assert page["text"] == "The boats\n\nof pirates"
    assert problems == []


def test_the_files_are_described_in_order(tmp_path: Path) -> None:
    """A file without any words has a place too, so that places are those of the texts."""
    texts = [make_text("a", [""]), make_text("b", ["boats"], has_pages=False)]
    document, _ = encode(tmp_path, texts)
    assert [(file["path"], file["pages"]) for file in document["files"]] == [
        ("0.pdf", 1), ("1.pdf", 0),
    ]  # fmt: skip
    assert document["file_digest"] == [text.digest for text in texts]
    assert [len(text["pages"]) for text in document["texts"]] == [0, 1]


def test_a_long_text_loses_its_last_pages_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document fits into a request. The pages that are left out are reported, once a file."""
    monkeypatch.setattr(documents, "MAX_TEXT_BYTES", 3000)
    pages = ["boats " * 50] * 10
    texts = [make_text("a", pages), make_text("b", pages), make_text("scan", [""] * 3)]
    document, problems = encode(tmp_path, texts)
    counts = [len(text["pages"]) for text in document["texts"]]
    assert 0 < counts[0] < 10
    assert counts[1:] == [0, 0]
    assert [problem.file for problem in problems] == ["0.pdf", "1.pdf"]
    assert f"only {counts[0]} of 10 pages are searched" in problems[0].what
