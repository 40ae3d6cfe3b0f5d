"""The data of corpus/: it has the facts of the printed catalogue, and no copied abstracts."""

import re
from collections import Counter

import pytest

from indexer.catalogue.records import Publication
from indexer.jobs import pages
from tests.catalogue import CORPUS
from tests.samples import read_publications
from tests.test_examples import installing

pytestmark = pytest.mark.slow

PRINTED = (
    "section", "publisher", "place", "year", "date", "language", "summary_language", "duration",
    "series", "number", "heading", "note", "part", "link", "position",
)  # fmt: skip
LANGUAGES = {
    "en": 104, "es": 24, "fr": 23, "ar": 22, "ru": 18, "zh": 11, "pt": 4, "hi": 1, "ro": 1,
}  # fmt: skip


@pytest.fixture(scope="module")
def kept() -> dict[str, Publication]:
    return {each.id: each for each in read_publications(CORPUS)}


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Publication]:
    file = CORPUS.parents[1] / "shared" / "data" / "catalogue-2019.txt"
    if not file.is_file():
        pytest.skip(f"the shared data are not there: {file}")
    folder = tmp_path_factory.mktemp("import")
    with installing("printed_catalogue", "printed_catalogue", folder):
        pages.write_pages(file, folder / "pages", CORPUS, lambda _: None)
    return {each.id: each for each in read_publications(folder / "pages", [])}


def test_there_are_136_entries_and_76_abstracts(kept: dict[str, Publication]) -> None:
    assert len(kept) == 136
    assert sum(each.summary is not None for each in kept.values()) == 76


def test_every_language_is_in_the_corpus(kept: dict[str, Publication]) -> None:
    found = Counter(code for each in kept.values() for code in each.values.get("language", ()))
    assert found == LANGUAGES


def test_regions_headings_have_their_entries(kept: dict[str, Publication]) -> None:
    headed = [each for each in kept.values() if "heading" in each.values]
    assert len(headed) == 37
    for each in headed:
        assert str(each.values["heading"][0]).replace("/ ", "/") in each.values["region"]


def test_the_corpus_has_the_printed_facts(
    kept: dict[str, Publication], printed: dict[str, Publication]
) -> None:
    assert kept.keys() == printed.keys()
    for identity, each in kept.items():
        other = printed[identity]
        assert each.title == other.title
        assert bool(each.summary) == bool(other.summary)
        for name in PRINTED:
            assert each.values.get(name) == other.values.get(name), (identity, name)


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def test_no_abstract_is_copied(
    kept: dict[str, Publication], printed: dict[str, Publication]
) -> None:
    for identity, each in kept.items():
        own = " ".join(words((each.summary or "").casefold()))
        source = words(printed[identity].summary or "")
        for at in range(len(source) - 7):
            run = source[at : at + 8]
            is_name = all(word[0].isupper() or word.isdigit() for word in run if len(word) > 3)
            assert is_name or " ".join(run).casefold() not in own, (identity, run)


def test_abstracts_are_short(kept: dict[str, Publication]) -> None:
    for each in kept.values():
        sentences = re.split(r"(?<=[.!?])\s+(?=[A-Z“\"])", each.summary or "A.")
        assert 1 <= len(sentences) <= 4, each.id
