"""The tokenizer makes terms of a text: folded and stemmed words with positions and offsets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis import stemming, tokenizer
from indexer.analysis.cleaning import fold
from indexer.analysis.stemming import get_stop_words


def written(text: str) -> list[str]:
    return [token.surface for token in tokenizer.tokenize(text, "en")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Organ Removal", ["organ", "removal"]),
        ("post-conflict", ["post", "conflict"]),
        ("Côte d’Ivoire", ["cote", "d'ivoire"]),
        ("victim's", ["victim's"]),
        ("the 'victim'", ["the", "victim"]),
        ("UN.GIFT_2008", ["un", "gift", "2008"]),
        ("ﬁnal Straße", ["final", "strasse"]),
        ("e\u0301tude étude", ["etude", "etude"]),
        ("pravovai\ufe20a\ufe21 baza", ["pravovaia", "baza"]),
        ("क़ानून", ["क़ानून"]),
        ("قَانُون", ["قانون"]),
        ("人口贩运", ["人口", "口贩", "贩运", "运"]),
        ("AIDS人口 인신", ["aids", "人口", "口", "인신", "신"]),
        ("الأشخاص", ["الاشخاص"]),
        ("Ёлка йод", ["елка", "йод"]),
        ("C++, C# and C+", ["c++", "c#", "and", "c"]),
        ("A/RES/55/25", ["a", "res", "55", "25"]),
        ("…!?_", []),
        ("", []),
    ],
)
def test_words_are_folded(text: str, words: list[str]) -> None:
    assert written(text) == [fold(word) for word in words]


@pytest.mark.parametrize(
    "forms",
    [
        "traffick trafficking trafficked",
        "victim victims",
        "smuggle smuggling smuggled SMUGGLES",
        "labour labours labor",
        "organise organised organizing organization organisations",
        "child children",
        "women woman",
        "centre centers",
        "defence defense",
        "programme programs",
    ],
)
def test_inflections_have_one_stem(forms: str) -> None:
    found = list(tokenizer.tokenize(forms, "en"))
    assert len({token.stem for token in found}) == 1
    assert len({token.surface for token in found}) == len(found)


def test_stop_words_are_indexed() -> None:
    assert written("to be or not to be") == "to be or not to be".split()
    assert {"the", "of"} <= get_stop_words("en")


def test_positions_count_words_and_jump_at_blank_lines() -> None:
    """Positions increase by 1 at each word, and by 100 more at a blank line."""
    text = "One two\nthree.\n\nFour\n\n\n\nfive"
    positions = [token.position for token in tokenizer.tokenize(text, "en")]
    assert positions == [0, 1, 2, 103, 204]


def test_offsets_point_at_the_words() -> None:
    text = "Étude – the Victim’s"
    assert [text[token.start : token.end] for token in tokenizer.tokenize(text, "en")] == [
        "Étude",
        "the",
        "Victim’s",
    ]


@given(st.text(st.characters()))
def test_any_text_gives_ordered_words(text: str) -> None:
    """Any text gives nonempty words in order, which overlap little and have no mark."""
    start, end, position = -1, 0, -1
    for token in tokenizer.tokenize(text, "en"):
        assert start < token.start < token.end
        assert end <= token.start or tokenizer.is_unsegmented(text[start:end])
        assert position < token.position
        assert token.surface
        assert not token.stem.startswith(tokenizer.SURFACE_PREFIX)
        start, end, position = token.start, token.end, token.position


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    """Folding is idempotent, so that terms of queries match terms of the index."""
    folded = fold(text)
    assert fold(folded) == folded


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("fr", "exploitée exploités l’exploitation"),
        ("es", "explotación explotaciones"),
        ("ru", "торговля торговли торговлю"),
        ("ar", "الاتجار اتجار"),
        ("de", "Verbrechen verbrechen"),
    ],
)
def test_each_language_has_its_stems(language: str, forms: str) -> None:
    assert len({token.stem for token in tokenizer.tokenize(forms, language)}) == 1


@pytest.mark.parametrize("apart", ["hour four", "tour tor", "wise size", "course coarse"])
def test_spelling_variants_do_not_merge_other_words(apart: str) -> None:
    """Words that only look like spelling variants keep separate stems."""
    one, other = (token.stem for token in tokenizer.tokenize(apart, "en"))
    assert one != other


def test_the_cache_of_stems_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stemming, "MAX_CACHED_STEMS", 3)
    long = "x" * (stemming.MAX_CACHED_CHARS + 1)
    words = ["organs", "Laws", long, "police", "films", "sea", "organs"]
    kept = stemming._get_cache("en")
    kept.clear()
    expected = ["organ", "law", long, "polic", "film", "sea", "organ"]
    for size in range(len(words)):
        assert stemming.stem_words(words[: size + 1], "en") == expected[: size + 1]
        assert len(kept) <= 3
        assert long not in kept


@given(
    st.text("\u00ad\u061c\u200b\u200c\u200d\u200e\u2066\u202e\ufe0f\ufeff", min_size=1), st.data()
)
def test_invisible_characters_do_not_change_tokens(hidden: str, data: st.DataObject) -> None:
    words = ["cooperation", "могут", "العربية", "می", "हिन्दी", "l'été", "E2"]
    word = data.draw(st.sampled_from(words))
    places = [at for at in range(1, len(word)) if word[at - 1] != "'"]
    at = data.draw(st.sampled_from(places))
    for language in ("en", "fr", "ru", "ar", "hi"):
        disguised = tokenizer.tokenize(f"{word[:at]}{hidden}{word[at:]} end", language)
        plain = tokenizer.tokenize(f"{word} end", language)
        assert [token[:3] for token in disguised] == [token[:3] for token in plain]


def test_a_zero_width_space_separates_words_of_thai() -> None:
    """Thai is written without spaces, but may have zero-width spaces between words."""
    assert [token.surface for token in tokenizer.tokenize("ภาษา\u200bไทย", "th")] == ["ภาษา", "ไทย"]


def test_variants_of_ideographs_give_no_empty_token() -> None:
    tokens = [*tokenizer.tokenize("漢\ufe00字 漢\u200d字", "zh")]
    assert all(token.surface and token.stem for token in tokens)
