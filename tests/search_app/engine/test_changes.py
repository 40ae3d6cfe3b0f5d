"""Harvesters read part by part what changed or was removed in a period."""

from datetime import UTC, datetime
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue.records import Publication
from indexer.catalogue.retired import Retired
from search_app.engine import Engine, Searcher, SearchRequest
from search_app.engine.store import ChangePeriod
from tests.search_app.engine import catalogues

MADE = catalogues.throw(3, 120)
RETIRED = [
    *(
        Retired(f"old{number}", time=datetime.fromtimestamp(6 + number % 8, UTC))
        for number in range(20)
    ),
    Retired("alias", successor="p3"),
]
SECONDS = st.integers(0, 16)
Key = tuple[int, str]


@pytest.fixture(scope="module")
def dated(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    """Return a searcher of publications that changed from second 7 to 12, and of retired ids."""
    folder = tmp_path_factory.mktemp("dated")
    return Engine.open(catalogues.index(folder, MADE, retired=RETIRED)).get_searcher()


def key_of(change: Publication | Retired) -> Key:
    if isinstance(change, Publication):
        return change.changed, change.id
    assert change.time is not None
    return int(change.time.timestamp()), change.id


def list_expected(period: ChangePeriod) -> list[Key]:
    chosen = [each for each in MADE if not period.field or catalogues.holds(each, *period[3:])]
    changes: list[Publication | Retired] = [*chosen, *(entry for entry in RETIRED if entry.time)]
    keys = sorted(map(key_of, changes))
    return [key for key in keys if (period.since, period.after) < key < (period.until + 1, "")]


@given(
    since=SECONDS, until=SECONDS, after=st.sampled_from(("", "old3", "p1", "p9", "q")),
    value=st.sampled_from((("", ""), ("section", "Tools"), ("region", "North"), ("topic", "x"))),
    most=st.integers(1, 200),
)  # fmt: skip
def test_a_period_has_all_of_its_changes_in_order(
    dated: Searcher, since: int, until: int, after: str, value: tuple[str, str], most: int
) -> None:
    period = ChangePeriod(since, until, after, *value)
    assert [*map(key_of, dated.list_changes(period, most))] == list_expected(period)[:most]


def test_parts_neither_repeat_nor_skip(dated: Searcher) -> None:
    found: list[Publication | Retired] = []
    period = ChangePeriod()
    while part := dated.list_changes(period, 7):
        found += part
        since, after = key_of(part[-1])
        period = ChangePeriod(since, after=after)
    assert [*map(key_of, found)] == list_expected(ChangePeriod())
    listed = {each.id: each for each in found if isinstance(each, Publication)}
    assert listed == {each.id: each for each in MADE}


def test_the_last_added_come_first(dated: Searcher) -> None:
    newest = {
        hit.id: place for place, hit in zip(count(), dated.scan(SearchRequest(sort="newest")))
    }
    added = [*dated.scan(SearchRequest(sort="added"))]
    assert added == sorted(MADE, key=lambda each: (-each.added, newest[each.id]))


def test_a_dated_list_has_the_order_of_its_search(dated: Searcher) -> None:
    request = SearchRequest(sort="title", page=2, size=30)
    changed = {each.id: each.changed for each in MADE}
    expected = [(identity, changed[identity]) for identity in dated.list_ids(request)]
    assert dated.list_dated_ids(request) == expected
