"""Strategies for texts that people type."""

from collections.abc import Sequence

from hypothesis import strategies as st

from indexer.catalogue.records import Publication
from tests.search_app.engine.trees import Texts

FIXED_TEXTS = (
    "child trafficking", "migrant smuggling", "victims in Thailand", "UNODC toolkit 2010",
    "materials in Spanish", "zzzqqq", "organised crime", "newest report on trafficking",
    "trafficking since 2008", "x-ray", "A/RES/55/25", "Kenya", "Ruritania", "cyber crime", "",
)  # fmt: skip
"""Texts with names, years, places, spellings, and words that no publication has."""


def make_texts(publications: Sequence[Publication]) -> Texts:
    """Return a strategy for texts that people type: words, titles, operators, and mistakes."""
    one = st.integers(0, len(publications) - 1).map(publications.__getitem__)
    title = one.map(lambda each: each.title)
    passage = one.map(lambda each: (each.summary or each.title).split())
    word = passage.flatmap(st.sampled_from)
    part = st.builds(
        lambda words, at, size: " ".join(words[at % len(words) :][:size]).replace('"', ""),
        passage, st.integers(0, 1000), st.integers(2, 12),
    )  # fmt: skip
    misspelled = st.builds(
        lambda text, at, letter: text[: at % len(text)] + letter + text[at % len(text) + 1 :],
        word, st.integers(0, 100), st.sampled_from("aeiourst"),
    )  # fmt: skip
    several = st.lists(word | misspelled, min_size=2, max_size=6).map(" ".join)
    operator = st.sampled_from((" OR ", " AND ", " NOT ", " -", "~ ", "* ", " title:"))
    joined = st.builds(lambda *parts: "".join(parts), word, operator, word)
    quoted = part.map(lambda text: f'"{" ".join(text.split()[:3])}"')
    begun = word.map(lambda text: f"{text[:4]}*")
    fixed = st.sampled_from(FIXED_TEXTS)
    return st.one_of(
        word, several, title, part, misspelled, joined, quoted, begun, fixed
    ).map(lambda text: text[:300])  # fmt: skip
