"""Hits rise if neighboring words of a short query are near each other.

They also rise if the query covers their title.
"""

import math
import random
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from search_app.engine.request import SearchRequest
from search_app.engine.results import Hit
from search_app.engine.search import Searcher
from search_app.presentation.hits import explain_in_sentences
from tests.search_app.engine.arrays.below import find_nearness_gains, reply_to, snapshot_of
from tests.search_app.engine.named import RIVERS, index

APART = "dam river lake road rain snow wind sand"
WORDS = ("stone", "bridge", "arch", "road", "rome", "river", "the", "dam")
PUBLICATIONS: tuple[Mapping[str, object], ...] = (
    {"id": "title", "title": "Old stone bridge", "summary": "None", "year": 2010},
    {"id": "far", "title": f"Bridge of {APART} and stone", "summary": "None", "year": 2011},
    {"id": "ordered", "title": "Rome", "summary": "A stone arch bridge is old.", "year": 2010},
    {"id": "nearby", "title": "Arles", "summary": "A bridge of stone.", "year": 2010},
    {"id": "split", "title": "A bridge", "summary": "Stone", "year": 2010},
    {"id": "wordy", "title": "Nice", "summary": f"Stone, stone. {APART}. Bridge, bridge."},
    *({"id": f"{number}", "title": f"Dam {number}"} for number in range(20)),
)  # fmt: skip
TITLED: tuple[Mapping[str, object], ...] = (
    {"id": "wanted", "title": "Repair of stone bridges", "authors": "Ann Mason", "year": 2010},
    {"id": "wordy", "title": "Roads and stone bridges in Rome, and what became of them",
     "summary": "The repair of stone bridges and of roads. Repair by a mason was rare.",
     "authors": "Bo Road", "year": 2010},
    {"id": "other", "title": "Stone", "summary": "Bridges need repair.", "year": 2011},
    *({"id": f"{number}", "title": f"Dam {number}"} for number in range(20)),
)  # fmt: skip


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    return index(tmp_path_factory.mktemp("bridges"), RIVERS, PUBLICATIONS)


def find(searcher: Searcher, text: str = "stone bridge", **options: Any) -> dict[str, Hit]:
    """Return the hits of a query by id, in order, with their explanations."""
    request = SearchRequest(text, explain=True, **options)
    return {hit.publication.id: hit for hit in searcher.search(request).hits}


def list_shares(hits: Mapping[str, Hit]) -> dict[str, float]:
    whys = {identity: hit.explanation for identity, hit in hits.items() if hit.explanation}
    return {
        identity: why.nearness / sum(part.score for part in why.parts)
        for identity, why in whys.items()
    }


@pytest.mark.parametrize(
    ("text", "gains"),
    [
        ("stone bridge", {"title": 0.3, "ordered": 0.2, "nearby": 0.1}),
        ("bridge stone", {"title": 0.1, "ordered": 0.1, "nearby": 0.2}),
    ],
)
def test_a_pair_counts_by_its_place_and_order(
    text: str, gains: Mapping[str, float], searcher: Searcher
) -> None:
    """A pair in order in a title adds 30 %, in an abstract 20 %, and near in any order 10 %."""
    expected = {"far": 0.0, "split": 0.0, "wordy": 0.0, **gains}
    assert list_shares(find(searcher, text)) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    "options",
    [
        {"exact": True}, {"match": "all"}, {"match": "any"}, {"sort": "newest"},
        {"text": '"stone bridge"'}, {"text": "stone bridge -dam"}, {"text": "title:stone bridge"},
        {"text": "stone"}, {"text": "old stone arch bridge rome"},
    ],
    ids=str,
)  # fmt: skip
def test_other_searches_ignore_nearness(options: Mapping[str, Any], searcher: Searcher) -> None:
    hits = find(searcher, **options)
    assert hits
    assert not any(hit.explanation and hit.explanation.nearness for hit in hits.values())


def test_stop_words_do_not_count(searcher: Searcher) -> None:
    assert list_shares(find(searcher, "stone for the bridge"))["title"] == pytest.approx(0.3, 1e-3)


def test_a_selected_value_keeps_the_gains(searcher: Searcher) -> None:
    everything, selected = find(searcher), find(searcher, filters={"year": ("2010",)})
    assert list(selected) == [
        identity for identity in everything if identity not in {"far", "wordy"}
    ]
    assert list_shares(selected).items() <= list_shares(everything).items()


def test_a_query_filter_may_leave_no_hits(searcher: Searcher) -> None:
    assert not find(searcher, "stone bridge", filters={"year": ("1999",)})


def test_an_explanation_states_the_gain(searcher: Searcher) -> None:
    hit = find(searcher)["title"]
    assert hit.explanation
    assert hit.explanation.score == pytest.approx(hit.score, abs=1e-3)
    adds = f"adds {hit.explanation.nearness:.2f} of {hit.explanation.score:.2f} points."
    sentences = explain_in_sentences(hit.explanation, searcher.catalogue)
    assert f"Words of the query are near each other in it: {adds}" in sentences


def test_an_occurrence_of_both_words_is_near_another_one(tmp_path: Path) -> None:
    """The French stem of `builder` is `build`, so `build` is an occurrence of both words."""
    publications = (
        {"id": "near", "title": "Builder of a build"},
        {"id": "single", "title": "Build"},
        {"id": "french", "title": "Le fleuve", "lang": "fr"},
    )
    shares = list_shares(find(index(tmp_path, RIVERS, publications), "build builder"))
    assert shares == pytest.approx({"near": 0.1, "single": 0}, abs=1e-3)


def _measure(first: str, second: str, title: list[str], abstract: list[str]) -> float:
    strengths = [0.0]
    for field, in_order in ((title, 1.0), (abstract, 2 / 3)):
        for start, word in enumerate(field):
            for end, other in enumerate(field):
                if (word, other) == (first, second) and 0 < abs(end - start) <= 8:
                    strengths.append(in_order if 0 < end - start <= 2 else 1 / 3)
    return max(strengths)


def test_gains_follow_the_formula(tmp_path: Path) -> None:
    draw = random.Random(3)
    texts = [
        [draw.choices(WORDS, k=draw.randint(1, 5)), draw.choices(WORDS, k=draw.randint(0, 30))]
        for _ in range(60)
    ]
    publications = [
        {"id": f"{number}", "title": " ".join(title), "summary": " ".join(abstract)}
        for number, (title, abstract) in enumerate(texts)
    ]
    searcher = index(tmp_path, RIVERS, publications)
    snapshot = snapshot_of(searcher)
    for text in ("stone bridge", "river stone arch", "rome dam road bridge"):
        reply = reply_to(SearchRequest(text, size=100), searcher)
        assert reply.words
        gains = find_nearness_gains(text, reply.words, snapshot)
        words = text.split()
        pairs = list(pairwise(words))
        counts = {
            word: sum(word in [*title, *abstract] for title, abstract in texts) for word in words
        }
        common = [max(counts[first], counts[second]) for first, second in pairs]
        idfs = [math.log(1 + (60 - count + 0.5) / (count + 0.5)) for count in common]
        scores = dict(zip(*map(np.ndarray.tolist, reply.words[:2]), strict=True))
        for number, score in scores.items():
            title, abstract = texts[int(snapshot.get_publication(number).id)]
            strengths = [_measure(*pair, title, abstract) for pair in pairs]
            expected = 0.3 * score * np.average(strengths, weights=idfs)
            assert gains.get(number, 0.0) == pytest.approx(expected, rel=1e-4, abs=1e-6)


@pytest.fixture(scope="module")
def titled(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    return index(tmp_path_factory.mktemp("titled"), RIVERS, TITLED)


@pytest.mark.parametrize(
    "text",
    [
        "repair of stone bridges", "bridges of stone repair", "bridges repair Mason",
        "repair stone 2010",
    ],
)  # fmt: skip
def test_a_hit_whose_title_the_query_covers_ranks_first(text: str, titled: Searcher) -> None:
    first = next(iter(find(titled, text).values()))
    assert first.publication.id == "wanted"
    assert first.explanation
    assert first.explanation.title > 0
    assert first.explanation.score == pytest.approx(first.score, abs=1e-3)


def list_title_gains(hits: Mapping[str, Hit]) -> dict[str, float]:
    return {identity: hit.explanation.title for identity, hit in hits.items() if hit.explanation}


def test_an_exact_search_does_not_raise_titles(titled: Searcher) -> None:
    """With `exact`, BM25F alone decides the order."""
    gains = list_title_gains(find(titled, "repair of stone bridges", exact=True))
    assert next(iter(gains)) == "other"
    assert {*gains.values()} == {0}


def test_words_of_the_abstract_do_not_cover_a_title(titled: Searcher) -> None:
    gains = list_title_gains(find(titled, "stone bridges repair"))
    assert gains["wanted"] > gains["other"] == gains["wordy"] == 0


def test_two_words_raise_no_title(titled: Searcher) -> None:
    assert [*list_title_gains(find(titled, "stone bridges")).values()] == [0, 0, 0]
