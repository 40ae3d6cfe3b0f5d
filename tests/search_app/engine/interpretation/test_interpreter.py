"""A query is interpreted in the first of several ways that has hits."""

from collections.abc import Mapping
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from search_app.engine.arrays.store import ArrayReply
from search_app.engine.interpretation.interpreter import Retrieval, retrieve
from search_app.engine.request import Match, SearchRequest
from search_app.engine.results import Results
from search_app.engine.search import Searcher
from search_app.engine.store import Reply
from tests.search_app.engine.named import answer, ids
from tests.tiers import examples


@pytest.fixture(scope="module")
def searcher(named_searcher: Searcher) -> Searcher:
    return named_searcher


ALL, ANY, EXACT = {"match": "all"}, {"match": "any"}, {"exact": True}


def way(told: Results) -> tuple[bool, str | None, bool]:
    return bool(told.entities), told.corrected, told.relaxed


@pytest.mark.parametrize(
    ("text", "by_name", "corrected", "relaxed", "found"),
    [
        # As typed, with synonyms.
        ("police", False, None, False, {"police", "steppe"}),
        ("human trafficking", True, None, False, {"law", "organs", "victims", "manual"}),
        ("police of", False, None, False, {"police", "steppe"}),
        # Corrected, all words.
        ("polcie", False, "police", False, {"police", "steppe"}),
        ("human traficking", True, "human trafficking", False,
         {"law", "organs", "victims", "manual"}),
        # Any of the words.
        ("handbook waiters", False, None, True, {"police", "tip"}),
        ("Kenya and waiters", False, None, True, {"police", "victims"}),
        ("Kenia waiters", True, None, True, {"police", "victims"}),
        ("zebra police", False, None, True, {"police", "steppe"}),
        # A name without hits is split into words.
        ("police dogs", False, None, True, {"police", "steppe"}),
        ("seal hunting handbook", False, None, True, {"police"}),
        # Corrected, any of the words.
        ("handbok waitrs", False, "handbook waiters", True, {"police", "tip"}),
        # No interpretation has hits.
        ("zebra", False, None, False, set()),
        ("警犬", False, None, False, set()),
    ],
)  # fmt: skip
def test_the_first_interpretation_with_hits_is_used(
    text: str, by_name: bool, corrected: str | None, relaxed: bool, found: set[str],
    searcher: Searcher,
) -> None:  # fmt: skip
    """A query is tried as typed, then corrected, then relaxed, and the results report which."""
    told = answer(text, searcher)
    assert set(ids(told)) == found
    assert way(told) == (by_name, corrected, relaxed)


@pytest.mark.parametrize(
    ("text", "options", "corrected", "relaxed", "found"),
    [
        # All words must match.
        ("handbook waiters", ALL, None, False, set()),
        ("handbok police", ALL, "handbook police", False, {"police"}),
        ("handbok waitrs", ALL, None, False, set()),
        ("police dogs", ALL, None, False, set()),
        # Any word is enough, which is not reported as relaxed.
        ("handbook waiters", ANY, None, False, {"police", "tip"}),
        ("handbok waiters", ANY, None, False, {"tip"}),
        ("handbok waitrs", ANY, "handbook waiters", False, {"police", "tip"}),
        ("police dogs", ANY, None, False, {"police", "steppe"}),
        ("zebra", ANY, None, False, set()),
        # There are no synonyms and corrections, but the query may be relaxed.
        ("human trafficking", EXACT, None, False, {"organs"}),
        ("handbok police", EXACT, None, True, {"police", "steppe"}),
        ("handbok", EXACT, None, False, set()),
        ("Kenia", EXACT, None, False, set()),
        ("handbook waiters", EXACT, None, True, {"police", "tip"}),
    ],
)
def test_options_decide_how_many_words_must_match_and_whether_they_are_corrected(
    text: str,
    options: Mapping[str, Any],
    corrected: str | None,
    relaxed: bool,
    found: set[str],
    searcher: Searcher,
) -> None:
    """`match` decides how many words must match. `exact` leaves the words as they are."""
    told = answer(text, searcher, **options)
    assert set(ids(told)) == found
    assert (told.corrected, told.relaxed) == (corrected, relaxed)
    if options is EXACT:
        assert (told.entities, told.suggestion) == ((), None)


@pytest.mark.parametrize(
    ("text", "first", "strict", "corrected"),
    [
        ("handbook police", "police", 1, None),
        ("handbok police", "police", 1, "handbook police"),
        ("human trafficking Kenya", "victims", 1, None),
        ("handbook police kenya organ", "police", 1, None),
        ("handbok police kenya organ", "police", 1, "handbook police kenya organ"),
    ],
)
def test_a_query_with_few_hits_is_relaxed(
    text: str, first: str, strict: int, corrected: str | None, searcher: Searcher
) -> None:
    """Publications with all words rank first and are counted.

    Only they match with `match="all"`.
    """
    told = answer(text, searcher)
    assert (ids(told)[0], told.relaxed, told.all_words_total) == (first, True, strict)
    assert told.corrected == corrected
    assert ids(answer(text, searcher, match="all")) == [first]


@pytest.mark.parametrize(
    ("text", "kept", "found"),
    [
        ("zebra Kenya", ("Kenya",), {"police", "victims"}),
        ("waiters Kenia", ("Kenia",), {"police", "victims"}),
        ("zebra russe", ("russe",), {"victims"}),
        ("zebra Kenya Russian", ("Kenya", "Russian"), {"victims"}),
        # No publication has both, so any of the words matches.
        ("waiters Arabic Kenya", (), {"tip", "sea", "police", "victims"}),
        # The query has no other words.
        ("Kenya Arabic", (), {"sea", "police", "victims"}),
        ("handbook waiters", (), {"police", "tip"}),
    ],
)  # fmt: skip
def test_a_relaxed_query_keeps_places_languages_and_years(
    text: str, kept: tuple[str, ...], found: set[str], searcher: Searcher
) -> None:
    told = answer(text, searcher)
    assert told.relaxed
    assert (told.required, set(ids(told))) == (kept, found)
    assert answer(text, searcher, match="any").required == ()


@pytest.mark.parametrize(
    ("text", "total", "relaxed", "strict"),
    [
        ("handbook", 1, False, 0), ("trafficking persons", 5, True, 2),
        # Any of the words has no further hits.
        ("smuggling boat", 2, False, 0),
    ],
)  # fmt: skip
def test_few_hits_relax_a_query_with_several_words(
    text: str, total: int, relaxed: bool, strict: int, searcher: Searcher
) -> None:
    told = answer(text, searcher)
    assert (told.total, told.relaxed, told.all_words_total) == (total, relaxed, strict)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("(handbook OR waiters) police", {"police"}),
        ("handbook AND police", {"police"}),
        ("police kenya -surgeons", {"police"}),
        ("police NOT handbook", {"steppe"}),
        ("(handbook police) OR (zebra seen)", {"police"}),
        ("handbook (police)", {"police"}),
        ("handbok OR steppe", {"steppe"}),
    ],
)
def test_a_query_with_operators_and_hits_is_not_relaxed(
    text: str, found: set[str], searcher: Searcher
) -> None:
    told = answer(text, searcher)
    assert set(ids(told)) == found
    assert way(told)[1:] == (None, False)
    any_word = answer(text, searcher, match="any").total
    assert told.any_word_total == (any_word if any_word > told.total else None)


@pytest.mark.parametrize(
    ("text", "relaxed", "found"),
    [
        ("(handbook OR waiters) zebra", True, {"police", "tip"}),
        ("handbook waiters -sea", True, {"police", "tip"}),
        ("handbook waiters -police", True, {"tip"}),
        ("(handbook waiters) OR zebra", True, {"police", "tip"}),
        ("handbook AND waiters sea", True, {"sea"}),
        ("handbook AND waiters", False, set()),
        ("(handbook AND waiters) OR zebra", False, set()),
        ("handbook -police", False, set()),
    ],
)
def test_only_implicit_ands_are_relaxed(
    text: str, relaxed: bool, found: set[str], searcher: Searcher
) -> None:
    """A query with operators but without hits keeps its explicit operators and exclusions."""
    told = answer(text, searcher)
    assert (told.relaxed, set(ids(told))) == (relaxed, found)
    assert told.any_word_total is None


def test_any_of_the_words_is_offered_if_filters_exclude_all_hits(searcher: Searcher) -> None:
    request = SearchRequest("handbook (police)", {"language": ("zh",)})
    told = searcher.search(request)
    assert told.total == 0
    assert told.diagnosis
    assert told.diagnosis.any == 1


TEXTS = st.lists(
    st.sampled_from(
        "human trafficking;police dogs;traite des personnes;handbok;handbook;police;zebra;waiters;"
        "waitrs;贩运人口;Kenia;region:Africa;country:ZZ;year:2011;-sea;OR;TIP".split(";")
    ),
    max_size=5,
).map(" ".join)
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "country": st.just(("UZ",)) | st.just(("KE", "MD")) | st.just(("ZZ",)),
        "language": st.just(("none",)) | st.just(("fr",)),
        "year": st.just(("2010..",)),
    },
)
MATCHES: st.SearchStrategy[Match] = st.sampled_from(("auto", "all", "any"))


@given(text=TEXTS, filters=FILTERS, match=MATCHES, exact=st.booleans())
@examples(300)
@pytest.mark.slow
def test_filters_only_reduce_the_hits_of_the_words(
    text: str, filters: dict[str, tuple[str, ...]], match: Match, exact: bool, searcher: Searcher
) -> None:
    def find(request: SearchRequest) -> Retrieval:
        return retrieve(replace(request, size=1000), searcher.interpreter)

    plain = find(SearchRequest(text, match=match, exact=exact))
    ticked = find(SearchRequest(text, filters, match=match, exact=exact))
    for name in ("corrected", "relaxed"):
        assert getattr(ticked.interpretation, name) == getattr(plain.interpretation, name)
    assert ticked.reply.dropped == plain.reply.dropped
    alone = find(SearchRequest("", filters))
    kept = set(plain.reply.list_ids()) & set(alone.reply.list_ids())
    assert set(ticked.reply.list_ids()) == kept


def by_words(reply: Reply | None) -> list[int]:
    words = cast(ArrayReply, reply).words
    assert words is not None
    documents: list[int] = words.documents.tolist()
    return documents


@given(text=TEXTS)
@examples(200)
@pytest.mark.slow
def test_notes_match_the_results(text: str, searcher: Searcher) -> None:
    """The corrected text has the same hits.

    A search for all words has the hits reported as strict.
    """
    told, read = (
        answer(text, searcher),
        retrieve(SearchRequest(text), searcher.interpreter).interpretation,
    )
    if told.corrected:
        assert ids(answer(told.corrected, searcher)) == ids(told)
    every = retrieve(SearchRequest(text, match="all"), searcher.interpreter).interpretation
    if told.relaxed and not every.corrected:
        assert by_words(every.reply) == by_words(read.all_words_reply)
    if read.is_empty:
        exact = retrieve(SearchRequest(text, exact=True), searcher.interpreter)
        assert exact.interpretation.is_empty
