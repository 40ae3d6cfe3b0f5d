"""The year histogram: few bars, each with the publications of its years."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue.fields import Catalogue, Field
from search_app.engine.request import parse_year_range
from search_app.engine.results import Bucket, Results
from search_app.presentation.facets import MAX_BARS, FacetValues, make_histogram
from search_app.presentation.labels import facet_label
from search_app.search_state import SearchState

CATALOGUE = Catalogue("Years", "", (Field("year", "Year", kind="year", facet=1),))
YEARS = st.lists(st.integers(1990, 2020) | st.integers(1900, 2024), min_size=1, max_size=60)
"""The years of publications, without a gap of 50 years that could make one an outlier."""


def count(years: list[int], selected: list[str]) -> list[Bucket]:
    counts = Counter(map(str, years))
    return [
        Bucket(
            "year", year, counts[year],
            sum(str(other) in selected for other in years if str(other) != year)
            if len(selected) > 1 else len(years),
            selected=True,
        )
        if year in selected else Bucket("year", year, counts[year])
        for year in sorted({*counts, *selected})
    ]  # fmt: skip


def results_of(years: list[int], selected: list[str]) -> Results:
    total = sum(str(year) in selected for year in years) if selected else len(years)
    return Results(
        total=total, title_count=total, is_folded=False, hits=(), relaxed=False, scored=False,
        facets={"year": tuple(count(years, selected))}, hidden_values={"year": 0},
        sort="newest", ignored_word_count=0, generation="", took_ms=0.0, stages={},
    )  # fmt: skip


@given(years=YEARS, data=st.data())
def test_bars_are_few_and_each_names_its_publications(
    years: list[int], data: st.DataObject
) -> None:
    selected = data.draw(st.lists(st.sampled_from([*map(str, years)]), max_size=2, unique=True))
    state = SearchState(filters={"year": tuple(selected)} if selected else {})
    values = FacetValues(state, CATALOGUE)
    histogram = make_histogram(CATALOGUE.fields[0], results_of(years, selected))
    assert histogram is not None
    assert len(histogram.bars) <= MAX_BARS
    for bar in histogram.bars.values():
        ends = parse_year_range(bar.value) or (bar.value, bar.value)
        within = [year for year in years if int(ends[0]) <= year <= int(ends[1])]
        assert bar.count == len(within)
        name = f"{values.label(bar)}, {len(within)} publication{'s' * (len(within) > 1)}"
        if bar.selected:
            kept = [each for each in selected if each != bar.value]
            hits = [year for year in years if not kept or str(year) in kept]
            name += (
                f"; selected, without it: {len(hits)} publication{'s' * (len(hits) > 1)}"
                if hits
                else "; selected, remove it"
            )
        assert values.action(bar) == name


def test_long_periods_have_wide_bars() -> None:
    years = [*range(1990, 2021)]
    field = CATALOGUE.fields[0]
    histogram = make_histogram(field, results_of(years, []))
    assert histogram is not None
    labels = [facet_label(field, bar.value, CATALOGUE) for bar in histogram.bars.values()]
    assert labels == [
        "1990–1994", "1995–1999", "2000–2004", "2005–2009", "2010–2014", "2015–2019", "2020–2024",
    ]  # fmt: skip
    assert (histogram.first, histogram.last) == ("1990", "2020")
