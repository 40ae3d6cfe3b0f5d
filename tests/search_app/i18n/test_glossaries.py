"""Each language has a glossary, and its translations have none of the words that it forbids."""

import csv
import tomllib
from collections.abc import Iterator
from itertools import chain

import pytest
from babel.messages.catalog import Message

from indexer.catalogue import thesaurus
from search_app.i18n.translation import LANGUAGES, SOURCE
from tests.conftest import ROOT
from tools import messages

GLOSSARIES, STANDARD = ROOT / "docs" / "translating", ROOT / "indexer" / "catalogue"
TRANSLATED = [code for code in LANGUAGES if code != SOURCE]
COLUMNS = ["English", "part of speech", "translation", "source or reason", "UNTERM", "forbidden"]
PARTS = {"noun", "verb", "adjective", "adverb", "name", "phrase"}


def read_glossary(code: str) -> list[dict[str, str]]:
    with (GLOSSARIES / f"{code}.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        entries = [*reader]
    assert reader.fieldnames == COLUMNS
    return entries


def list_forbidden(code: str) -> list[str]:
    """Return the words that no translation into a language may have, in lower case."""
    words = (entry["forbidden"].split(";") for entry in read_glossary(code))
    return [word.strip().lower() for word in chain.from_iterable(words) if word.strip()]


def find_forbidden(text: str, forbidden: list[str]) -> list[str]:
    return [word for word in forbidden if word in text.lower()]


def list_texts(code: str) -> Iterator[str]:
    """Yield the texts of a language that pages show.

    They are messages, texts of the catalogue, names of concepts, and the standard texts.
    """
    for message in messages.read(messages.TRANSLATIONS / f"{code}.po"):
        yield from _list_forms(message)
    catalogue = tomllib.loads((ROOT / f"corpus/catalogue.{code}.toml").read_text("utf-8"))
    for texts in catalogue["field"].values():
        texts.pop("names", None)  # what readers may type
    yield from _list_strings(catalogue)
    yield from (each.prefLabel[code] for each in thesaurus.load(ROOT / "corpus").concept)
    for file in sorted(STANDARD.glob("standard_*.toml")):
        yield from (each[code] for each in tomllib.loads(file.read_text("utf-8")).values())


def _list_forms(message: Message) -> Iterator[str]:
    yield from [message.string] if isinstance(message.string, str) else message.string or ()


def _list_strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _list_strings(each)


@pytest.mark.parametrize("code", TRANSLATED)
def test_an_entry_of_a_glossary_is_complete(code: str) -> None:
    """Each term is there once, with its part of speech, and a translation that is allowed."""
    entries, forbidden = read_glossary(code), list_forbidden(code)
    terms = [entry["English"] for entry in entries]
    assert len(terms) == len(set(terms)) > 40
    for entry in entries:
        assert set(entry["part of speech"].split(", ")) <= PARTS, entry
        assert entry["translation"], entry
        assert not find_forbidden(entry["translation"], forbidden), entry
        assert entry["UNTERM"].isdigit() or not entry["UNTERM"], entry


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_translation_has_no_forbidden_word(code: str) -> None:
    forbidden = list_forbidden(code)
    assert forbidden
    found = [
        (text, words) for text in list_texts(code) if (words := find_forbidden(text, forbidden))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("code", "text"),
    [("fr", "Trafic d’êtres humains"), ("ru", "о контрабанде"), ("zh", "在材料目录中")],
)
def test_a_forbidden_word_is_found(code: str, text: str) -> None:
    """It may be inflected, capitalized, or within a text without spaces."""
    assert len(find_forbidden(text, list_forbidden(code))) == 1
