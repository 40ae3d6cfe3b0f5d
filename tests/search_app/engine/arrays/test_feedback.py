"""Feedback changes the order of long plain queries behind the first hits, and nothing else."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from search_app.engine import Searcher, ranking
from search_app.engine.arrays.scoring import top_hits
from search_app.engine.arrays.store import ArrayReply
from search_app.engine.request import SearchRequest
from search_app.presentation.hits import explain_in_sentences
from tests.search_app.engine.arrays.below import compute_feedback, reply_to, snapshot_of
from tests.search_app.engine.arrays.test_more_like_this import Twin

CLOSE = 1e-4
"""The relative tolerance for scores in 32-bit floats."""
ALL = 136
TOLD = "how can police protect victims of trafficking at the border"
LONG = (
    TOLD,
    "training manual for judges and prosecutors on smuggling of migrants by sea",
    "children recruited and exploited by terrorist groups",
)
OTHERWISE = (
    {"exact": True}, {"sort": "newest"}, {"sort": "title"}, {"text": "police border victims"},
    {"text": f'{TOLD} "law"'}, {"text": f"{TOLD} -law"}, {"text": f"{TOLD} title:law"},
    {"text": f"{TOLD} traffick*"}, {"text": f"{TOLD} latest"},
)  # fmt: skip


@pytest.fixture(scope="module")
def twin(searcher: Searcher) -> Twin:
    return Twin(snapshot_of(searcher))


def reply(searcher: Searcher, text: str = TOLD, **options: object) -> ArrayReply:
    request = SearchRequest(text, size=ALL, **options)  # type: ignore[arg-type]
    return reply_to(request, searcher)


def first(numbers: Sequence[int], searcher: Searcher) -> list[int]:
    editions, kept = snapshot_of(searcher).editions, list[int]()
    for number in numbers:
        if not {*kept} & {*editions.find_others(number).tolist()}:
            kept.append(number)
    return kept


def by_words(answer: ArrayReply, searcher: Searcher) -> tuple[list[int], list[float]]:
    keys = answer.retrieved.sort_keys
    assert keys is not None
    ranks = snapshot_of(searcher).ranks
    order = top_hits(answer.documents, keys, ranks, "relevance", slice(0, ALL))
    return answer.documents.take(order).tolist(), keys.take(order).tolist()


@pytest.mark.parametrize("text", LONG)
def test_feedback_changes_the_order_only(text: str, searcher: Searcher) -> None:
    """Feedback changes the order of hits, but neither the hits nor the counts."""
    with_feedback, newest = reply(searcher, text), reply(searcher, text, sort="newest")
    numbers = with_feedback.rank()[0].tolist()
    assert numbers != by_words(with_feedback, searcher)[0]
    assert sorted(numbers) == sorted(newest.rank()[0].tolist())
    assert with_feedback.total == newest.total
    assert with_feedback.count_facets() == newest.count_facets()
    assert "feedback" in searcher.search(SearchRequest(text)).stages


@pytest.mark.parametrize("text", LONG)
def test_the_first_hits_keep_their_order(text: str, searcher: Searcher) -> None:
    answer = reply(searcher, text)
    titles = first(by_words(answer, searcher)[0], searcher)
    assert first(answer.rank()[0].tolist(), searcher)[: ranking.KEPT] == titles[: ranking.KEPT]


@pytest.mark.parametrize("text", LONG)
def test_shares_follow_the_formula(text: str, searcher: Searcher, twin: Twin) -> None:
    answer = reply(searcher, text)
    numbers, scores = by_words(answer, searcher)
    titles = first(numbers, searcher)
    chosen = titles[: ranking.FEEDBACK_DOCS]
    weights = {number: (scores[numbers.index(number)] / scores[0]) ** 4 for number in chosen}
    counts = Counter(stem for number in chosen for stem in twin.weights[number])
    held = Counter(stem for each in twin.weights for stem in each)
    terms = {}
    for stem, count in counts.items():
        if count > 1 and held[stem] <= ALL / 5 and stem not in ranking.IGNORED_STEMS:
            terms[stem] = sum(
                weight * twin.score(stem, number) for number, weight in weights.items()
            ) * math.log(1 + (ALL - held[stem] + 0.5) / (held[stem] + 0.5))
    kept = sorted((stem for stem in terms if not stem.isdigit()), key=lambda stem: -terms[stem])
    kept = kept[: ranking.EXPANSION_TERMS]
    rarity = {stem: math.log(1 + (ALL - held[stem] + 0.5) / (held[stem] + 0.5)) for stem in kept}
    sums = [
        sum(terms[stem] * twin.score(stem, number) / rarity[stem] for stem in kept)
        for number in numbers
    ]
    best = titles[ranking.KEPT]
    expected = [
        scores[0] * 0.8 * (1 if place < numbers.index(best) else total / max(sums))
        for place, total in enumerate(sums)
    ]
    found = compute_feedback(*_base(answer), snapshot_of(searcher))
    assert found
    assert [found[0][number] for number in numbers] == pytest.approx(expected, rel=CLOSE)


def _base(answer: ArrayReply) -> tuple[np.ndarray, np.ndarray]:
    keys = answer.retrieved.sort_keys
    assert keys is not None
    return answer.documents, keys


@pytest.mark.parametrize("options", OTHERWISE, ids=str)
def test_other_searches_have_no_feedback(options: dict[str, str], searcher: Searcher) -> None:
    results = searcher.search(SearchRequest(**{"text": TOLD, "explain": True, **options}))  # type: ignore[arg-type]
    assert results.hits
    assert not any(hit.explanation and hit.explanation.feedback for hit in results.hits)
    assert "feedback" not in results.stages


def test_a_list_that_is_not_longer_than_the_feedback_documents_has_no_feedback(
    searcher: Searcher,
) -> None:
    """Ten titles are too few for feedback, and eleven are enough."""
    snapshot, (documents, keys) = snapshot_of(searcher), _base(reply(searcher))
    titles = np.sort(np.array(first(documents.tolist(), searcher), np.int32))
    scores = keys.take(documents.searchsorted(titles))
    assert compute_feedback(titles[:10], scores[:10], snapshot) is None
    assert compute_feedback(titles[:11], scores[:11], snapshot)


def test_a_selected_value_keeps_the_order(searcher: Searcher) -> None:
    everything = [hit.publication for hit in reply(searcher).rank_hits()]
    selected = reply(searcher, filters={"language": ("en",)})
    in_english = [each.id for each in everything if "en" in each.values.get("language", ())]
    assert 0 < len(in_english) < len(everything)
    assert list(selected.list_ids()) == in_english


def test_pages_follow_each_other(searcher: Searcher) -> None:
    """The pages of a list with feedback have each hit once, in descending order of the score."""
    pages = [
        list(reply_to(SearchRequest(TOLD, page=page, size=7), searcher).rank_hits())
        for page in range(1, 5)
    ]
    hits = [hit for page in pages for hit in page]
    whole = list(reply(searcher).rank_hits())
    assert [hit.publication.id for hit in hits] == [hit.publication.id for hit in whole][:28]
    scores = [hit.score or 0 for hit in whole]
    assert scores == sorted(scores, reverse=True)


def test_a_sentence_names_the_shared_words(searcher: Searcher) -> None:
    """A sentence names up to five shared words and what they add; the other hits have none.

    A publication has one of these words.
    """
    shares = 0
    for hit in searcher.search(SearchRequest(TOLD, size=ALL, explain=True)).hits:
        assert hit.explanation
        sentences = [*explain_in_sentences(hit.explanation, searcher.catalogue)]
        shared = ", ".join(f"“{word}”" for word in hit.explanation.shared[:5])
        adds = f"{hit.explanation.feedback:.2f} of {hit.explanation.score:.2f} points."
        told = f"It shares words with the best hits: {shared}. They add {adds}"
        assert (told in sentences) == bool(hit.explanation.feedback and shared)
        shares += told in sentences
        text = f"{hit.publication.title} {hit.publication.summary}".casefold()
        if hit.explanation.shared and hit.publication.summary:
            assert any(word.casefold() in text for word in hit.explanation.shared)
    assert shares > ranking.FEEDBACK_DOCS
