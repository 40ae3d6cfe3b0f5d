"""Spelling correction: rare words are replaced by likelier ones, and no other words are."""

from collections import Counter
from collections.abc import Iterable
from math import log2
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexer.analysis import stemming, tokenizer
from indexer.analysis.cleaning import fold, surface_form
from indexer.catalogue.records import Publication, SourceLocation
from indexer.generations import directory
from search_app.engine import Engine, open_searcher
from search_app.engine.deadline import Deadline
from search_app.engine.interpretation import spellcheck, world_places
from search_app.engine.interpretation.entities import UNITED_NATIONS
from search_app.engine.interpretation.spellcheck import (
    MAX_CANDIDATES,
    MIN_FREQUENCY_RATIO,
    TRUSTED_FREQUENCY,
    SpellChecker,
)
from search_app.engine.request import SearchRequest
from search_app.engine.search import Searcher
from tests.search_app.engine.catalogues import index
from tests.search_app.engine.named import answer, ids
from tests.tiers import examples

SIZE = 600
FREQUENCIES = {
    "trafficking": 600, "smuggling": 500, "smuggleng": 10, "victim": 49, "victin": 1,
    "migrant": 450, "migrent": 9, "migront": 8, "sea": 300, "seas": 1, "law": 300, "cat": 90,
    "criminal": 400, "counterfeit": 40, "торговля": 200, "мигрант": 90, "personas": 60,
    "año": 30, "c++": 20, "2019": 30, "the": 600, "for": 600, "four": 2,
}  # fmt: skip
"""The document frequency of each word of the corpus."""
SIDE_BY_SIDE = ("border crossing", "bolder print") * 20
"""Texts with words that differ in one letter."""


def make(titles: Iterable[str]) -> list[Publication]:
    return [
        Publication(id=f"p{number}", title=title, source=SourceLocation("made", number + 1))
        for number, title in enumerate(titles)
    ]


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    """Return a searcher of 600 publications, in which each word has its frequency of above."""
    texts = [
        [word for word, frequency in FREQUENCIES.items() if number < frequency]
        for number in range(SIZE)
    ]
    for text, beside in zip(texts, SIDE_BY_SIDE, strict=False):
        text.append(beside)
    made = make(map(" ".join, texts))
    folder: Path = tmp_path_factory.mktemp("spelling")
    return open_searcher(directory.load_live(index(folder, made)))


@pytest.fixture(scope="module")
def speller(searcher: Searcher) -> SpellChecker:
    return searcher.interpreter.spellchecker


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("traffikcing", "trafficking"), ("smuglging", "smuggling"),  # transposed
        ("traficking", "trafficking"), ("smugling", "smuggling"), ("lw", None),  # missing
        ("traffficking", "trafficking"), ("smuggglling", "smuggling"),  # doubled
        ("trafgicking", "trafficking"), ("smuggking", "smuggling"), ("criminol", "criminal"),
        ("xrafficking", "trafficking"), ("Traficking", "trafficking"), ("crimínol", "criminal"),
        ("торгволя", "торговля"), ("мигрнат", "мигрант"), ("laww", "law"), ("lax", None),
        # Letters that look the same are of another script.
        ("тоговля", "торговля"), ("trofficking", "trafficking"), ("тrаfоr", None),
        # The rest of a text stays as typed.
        ("  The  traficking, of Sea!", "  The  trafficking, of Sea!"),
        ("sea-smugling/traficking", "sea-smuggling/trafficking"),
        ("xxxtraficking-traficking", "xxxtraficking-trafficking"),
        # Known words.
        *((text, None) for text in ("trafficking", "The sea", "law of the sea", "", "?!")),
        ("smuggleng", None),
    ],
)  # fmt: skip
def test_a_typing_error_is_corrected(typed: str, meant: str | None, speller: SpellChecker) -> None:
    """Transposed, missing, doubled, and wrong letters are corrected, and nothing else."""
    assert speller.correct(typed, Deadline()) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("migrent", "migrant"), ("seas", None), ("victin", None), ("smuggleng", None)],
)
def test_a_rare_word_is_corrected_only_to_a_far_more_frequent_one(
    typed: str, meant: str | None, speller: SpellChecker
) -> None:
    """A word of under 10 publications is corrected only to one that is 50 times as frequent."""
    assert speller.suggest(typed, Deadline(), rare=True) == meant
    assert FREQUENCIES["migrant"] == MIN_FREQUENCY_RATIO * FREQUENCIES["migrent"]
    assert FREQUENCIES["victim"] < MIN_FREQUENCY_RATIO * FREQUENCIES["victin"]
    assert FREQUENCIES["smuggleng"] == TRUSTED_FREQUENCY
    assert FREQUENCIES["smuggling"] == MIN_FREQUENCY_RATIO * TRUSTED_FREQUENCY


@pytest.mark.parametrize(
    "text",
    [
        "se", "xy", "2018", "20l", "TRAFICKING", "TRAFICKIng", "smuGling", '"traficking"',
        '"the traficking sea"', "title:traficking", 'title:"a traficking sea"', "-traficking",
        'title:(a traficking sea)', "title:(traficking", "traficki*", "*raficking", "tra*cing",
        "traficking~", "“a traficking sea”", '-"a traficking sea"', '"traficking', "(traficking)",
    ],
)  # fmt: skip
def test_short_quoted_and_special_words_are_not_corrected(text: str, speller: SpellChecker) -> None:
    assert speller.correct(text, Deadline()) is None
    assert speller.correct(f"{text} smugling", Deadline()) in (f"{text} smuggling", None)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("boxder crossing", "border crossing"), ("print boxder", "print bolder"),
        ("boxder of trafficking", "bolder of trafficking"),  # the first in alphabetical order
    ],
)  # fmt: skip
def test_the_other_words_decide_between_corrections(
    text: str, meant: str, speller: SpellChecker
) -> None:
    assert {each.surface for each in speller.find_candidates("boxder")} == {"border", "bolder"}
    assert speller.correct(text, Deadline()) == meant


CONTEXTS = (
    "smuggling migrants by sea", "smuggling migrants by air", "policies that set rules",
    "law of the sea", "what police see there", "people they see there", "border controls by land",
)  # fmt: skip
"""Titles with words that differ in one letter, each next to other words."""


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("smugling migrants by see", "smuggling migrants by sea"),
        ("smugling of migrants by see", "smuggling of migrants by sea"),
        ("bordr controls by lend", "border controls by land"),
        ("smugling migrants by sea", "smuggling migrants by sea"),
        ("smugling by sea see there", "smuggling by sea see there"),
        ("polce see there", "police see there"), ("smugling see", "smuggling see"),
        ('smugling migrants "by see"', 'smuggling migrants "by see"'),
        ("smuggling migrants by see", None), ("polce policies sea", "police policies sea"),
    ],
)  # fmt: skip
def test_next_to_a_corrected_word_a_known_one_may_be_strange(
    text: str, meant: str | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A corrected text has no known word that is strange there, if one edit makes a usual one.

    This is next to the same neighbors, with all other words. Without unknown words, none changes.
    """
    folder = tmp_path_factory.mktemp("contexts")
    searcher = Engine.open(index(folder, make(CONTEXTS * 20))).get_searcher()
    assert searcher.interpreter.spellchecker.correct(text, Deadline()) == meant


def test_stop_words_are_neither_corrected_nor_corrections(
    tmp_path: Path, searcher: Searcher, speller: SpellChecker
) -> None:
    for text in ("xthe", "four trafficking", "then sea", "these", "thee"):
        assert speller.correct(text, Deadline()) is None
    assert answer("four trafficking", searcher).suggestion is None
    alone = open_searcher(directory.load_live(index(tmp_path, make(["The"]))))
    assert alone.interpreter.spellchecker.correct("xthe trafficking", Deadline()) is None


def test_a_word_that_folds_to_nothing_has_no_hits(
    searcher: Searcher, speller: SpellChecker
) -> None:
    lengthening = "\u0640" * 3
    assert surface_form(lengthening) == ""
    assert speller.correct(lengthening, Deadline()) is None
    assert answer(lengthening, searcher).total == 0


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("migrent", "migrant"),
        ("migrent trafficking", "migrant trafficking"),
        ("smuggleng", None),
        ("victin", None),
        ("traficking", None),
        ('"migrent"', None),
    ],
)
def test_a_likelier_word_is_suggested_for_a_rare_one(
    text: str, suggestion: str | None, searcher: Searcher
) -> None:
    found = answer(text, searcher)
    assert found.suggestion == suggestion
    assert found.total
    if suggestion:
        assert found.corrected is None
        assert answer(text, searcher, exact=True).suggestion is None
        assert answer(suggestion, searcher).total > found.total


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("smuggling of migrants by see", "smuggling of migrants by sea"),
        ("model low against smuggling", "model law against smuggling"),
        ("smuggling sea", None), ("smuggling \"by see\"", None), ("smuggling OR see", None),
        ("the smuggling of migrants by see and by air", None),  # too long
        ("fake airport", None),
    ],
)  # fmt: skip
def test_a_correct_word_that_is_strange_in_its_place_has_a_suggestion(
    text: str, suggestion: str | None, engine: Engine
) -> None:
    found = answer(text, engine.get_searcher())
    assert (found.corrected, found.suggestion) == (None, suggestion)
    if suggestion:
        assert engine.search(SearchRequest(suggestion, match="all")).total
        assert not engine.search(SearchRequest(text, match="all")).total


def test_words_of_names_are_known(named_searcher: Searcher) -> None:
    """A word of a label is never corrected, and may replace an unknown word."""
    searcher = named_searcher
    speller, vocabulary = searcher.interpreter.spellchecker, searcher.interpreter.vocabulary
    assert vocabulary.get_frequency("phoqu") == 0
    assert vocabulary.get_frequency("sea")
    assert not vocabulary.get_frequency("seal")
    for known in ("phoques", "seal", "seals"):
        assert speller.correct(known, Deadline()) is None
    assert speller.correct("phoqeus", Deadline()) == "phoques"
    assert speller.correct("persnas", Deadline()) in ("personas", "persons")
    assert speller.correct("торговля людми", Deadline()) == "торговля людьми"
    found = answer("торговля людми", searcher)
    assert found.corrected == "торговля людьми"
    assert set(ids(found)) == {"law", "organs", "victims", "manual", "trade"}


ABSENT = (
    "same", "want", "sport", "kitchen", "neighbour", "Chile", "Laos", "Poland", "Latvia", "Senegal",
    "Kenyan", "cote divoire", "Guinea-Bissau", "cuisine", "forêt", "cocina", "погода", "Кении",
    "سيارة",
)  # fmt: skip
"""Correct words and names that the corpora of these tests lack."""


@pytest.fixture(scope="module")
def close(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    words = [surface_form(word) for text in ABSENT for word in tokenizer.split_words(text)]
    title = " ".join(similar for word in words for similar in _similar(word))
    folder = tmp_path_factory.mktemp("close")
    return open_searcher(directory.load_live(index(folder, make([title] * 60))))


@pytest.mark.parametrize("text", ABSENT)
def test_a_correct_word_is_never_corrected(text: str, searcher: Searcher, close: Searcher) -> None:
    for speller in (close.interpreter.spellchecker, searcher.interpreter.spellchecker):
        for typed in (text, fold(text), text.capitalize()):
            assert speller.correct(typed, Deadline()) is None
            assert speller.suggest(typed, Deadline(), rare=True) is None


def _similar(word: str) -> list[str]:
    return [word + "q", word[:-1], word[:-1] + "q"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Keniya", "Kenya"), ("keniya", "Kenya"), ("Нигерея", "Nigeria"), ("Nairobbi", "Nairobi"),
        ("Burkina Fasso", "Burkina Faso"),
    ],
)  # fmt: skip
def test_a_misspelled_place_without_hits_is_named(
    typed: str, meant: str, searcher: Searcher
) -> None:
    found = answer(typed, searcher)
    assert (found.total, found.corrected, found.suggestion) == (0, None, None)
    assert found.diagnosis
    assert [place.name for place in found.diagnosis.absent_places] == [meant]


def test_a_word_with_the_stem_of_a_label_may_be_misspelled(named_searcher: Searcher) -> None:
    """A misspelled word is corrected even if it has the stem of a word in a label."""
    speller = named_searcher.interpreter.spellchecker
    assert stemming.stem("surgeones", "en") == stemming.stem("surgeon", "en")
    assert speller.suggest("surgeon", Deadline(), rare=True) is None
    assert speller.suggest("surgeones", Deadline(), rare=False) == "surgeons"


def test_an_unknown_form_keeps_its_hits(engine: Engine) -> None:
    catalogue = engine.get_searcher()
    for typed, meant in (("prosecuters", "prosecutors"), ("protocoll", "protocol")):
        found = answer(typed, catalogue)
        assert found.total
        assert found.corrected is None
        assert found.suggestion == meant
        assert answer(meant, catalogue).suggestion is None
    found = answer("trafficing", catalogue)
    assert found.corrected == "trafficking"
    assert ids(found) == ids(answer("trafficking", catalogue))


def distance(one: str, other: str) -> int:
    """Return the optimal string alignment distance of two words, from its definition.

    The edits are insertion, deletion, substitution, and transposition of neighbors.
    """
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            row.append(min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (a != b)))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                row[-1] = min(row[-1], rows[-2][j - 2] + 1)
        rows.append(row)
    return rows[-1][-1]


def mistyped() -> st.SearchStrategy[str]:
    words = st.sampled_from([*FREQUENCIES, "border", "bolder", "crossing", "print"])
    letters = st.sampled_from("aeinrstgkоаитñ+")
    slips = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 3), letters), max_size=3)
    return st.builds(_slipped, words, slips)


def _slipped(word: str, slips: list[tuple[int, int, str]]) -> str:
    for at, kind, letter in slips:
        before, here, behind = word[:at], word[at : at + 1], word[at + 1 :]
        word = (
            f"{before}{letter}{behind}", f"{before}{behind}", f"{before}{letter}{here}{behind}",
            f"{before}{behind[:1]}{here}{behind[1:]}",
        )[kind]  # fmt: skip
    return word


@pytest.fixture(scope="module")
def held(searcher: Searcher) -> Counter[str]:
    found: Counter[str] = Counter()
    for publication in searcher.scan(SearchRequest()):
        found.update({each.surface for each in tokenizer.tokenize(publication.title, "en")})
    for each in (*searcher.interpreter.entity_linker.words, *world_places.list_words("en")):
        found.setdefault(each, spellcheck.LABEL_FREQUENCY)
    for language in UNITED_NATIONS:
        for each in world_places.list_words(language):
            found.setdefault(each, 1)
    return found


@given(word=mistyped().filter(lambda word: surface_form(word) != ""), least=st.integers(0, 60))
@example(word="boxder", least=0)
@example(word="s", least=0)
@examples(400)
@pytest.mark.slow
def test_candidates_equal_those_of_a_full_scan(
    word: str, least: int, held: Counter[str], speller: SpellChecker
) -> None:
    """The candidates for a word are the likeliest of a scan over all words, in order."""
    wanted = surface_form(word)
    edits = 1 if len(wanted) < 5 else 2
    near = [
        (
            spellcheck.LETTER_PENALTY * far
            + spellcheck.FIRST_LETTER_PENALTY * (each[0] != wanted[0]),
            frequency,
            each,
        )
        for each, frequency in held.items()
        if frequency >= max(least, 1)
        and each not in stemming.get_stop_words("en")
        and (each.isascii() or not wanted.isascii())
        and 0 < (far := distance(wanted, each)) <= edits
    ]
    expected = sorted((loss - log2(1 + frequency), each) for loss, frequency, each in near)
    assert [each for _, each in expected[:MAX_CANDIDATES]] == [
        each.surface for each in speller.find_candidates(word, least)
    ]


NOISE = st.text(alphabet="aeis t-\"“”()*:~'’_/+#|АБاـ贩运ñ2", max_size=12) | st.text(max_size=12)
TEXTS = st.lists(mistyped() | NOISE, max_size=5).flatmap(
    lambda parts: st.sampled_from((" ", " ", "-", "", "'")).map(lambda by: by.join(parts))
)


@given(text=TEXTS)
@example(text='title:"a traficking sea"')
@example(text="\u0640\u0640\u0640 traficking")
@examples(500)
@pytest.mark.slow
def test_only_unknown_words_are_corrected(
    text: str, searcher: Searcher, speller: SpellChecker
) -> None:
    said, vocabulary = speller.suggest(text, Deadline(), rare=True), searcher.interpreter.vocabulary
    if said is None:
        return
    before, after = tokenizer.split_words(text), tokenizer.split_words(said)
    assert said != text
    assert len(before) == len(after)
    for one, other in zip(before, after, strict=True):
        if one != other:
            is_written = vocabulary.has_term(tokenizer.SURFACE_PREFIX + surface_form(one))
            frequency = max(map(vocabulary.get_frequency, vocabulary.list_stems(one)), default=0)
            assert frequency < TRUSTED_FREQUENCY or not is_written
            assert distance(surface_form(one), other) <= 2
    assert _between(text) == _between(said)


def _between(text: str) -> str:
    held = {at for span in tokenizer.find_spans(text) for at in range(*span)}
    return "".join(letter for at, letter in enumerate(text) if at not in held)


@given(text=TEXTS)
@example(text="\u0640 smugglang migrant")
@examples(200)
@pytest.mark.slow
def test_the_corrected_text_has_the_same_hits(text: str, searcher: Searcher) -> None:
    found = answer(text, searcher)
    if found.corrected and not found.relaxed:
        assert ids(answer(found.corrected, searcher)) == ids(found)
