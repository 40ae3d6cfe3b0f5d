"""Years and dates are parsed in the forms that occur in catalogues."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.values import dates


@pytest.mark.parametrize(
    ("text", "year", "date"),
    [
        ("2014", 2014, "2014"), ("1980/11", 1980, "1980-11"), ("02/1971", 1971, "1971-02"),
        ("5/9/2017", 2017, "2017-05-09"), ("31/01/1984 12:00:00 AM", 1984, "1984-01-31"),
        ("[1985?]", 1985, "1985?"), ("c1999", 1999, "1999"), ("ca. 1999", 1999, "1999?"),
        ("March 5, 2014", 2014, "2014-03-05"), ("5 mars 2014", 2014, "2014-03-05"),
        ("2014 May", 2014, "2014-05"), ("Spring 2014", 2014, "2014-21"),
        ("automne 2014", 2014, "2014-23"), ("лето 2014 г.", 2014, "2014-22"),
        ("ربيع الآخر 1435هـ / 2014م", 2014, "2014"),
        ("31.12.2014", 2014, "2014-12-31"), ("20140411", 2014, "2014-04-11"),
        ("42735", 2016, "2016"), ("1432 هـ / 2011 م", 2011, "2011"),
        ("1998-2003", 1998, "1998/2003"), ("٢٠١٢", 2012, "2012"), ("2014-4-11", 2014, "2014-04-11"),
        ("2014-02-31", 2014, "2014-02"), ("2014-19-03", 2014, "2014"),
        ("2014-03-05T10:00:00Z", 2014, "2014-03-05"),
    ],
)  # fmt: skip
def test_a_date_is_read_in_any_form(text: str, year: int, date: str) -> None:
    assert dates.find_year(text) == year
    assert dates.parse_date(text) == date


@pytest.mark.parametrize("text", ["", "n.d.", "19uu", "0012", "12345678", "9999", "vol. 3"])
def test_a_text_without_a_year_has_no_date(text: str) -> None:
    assert dates.find_year(text) is None
    assert dates.parse_date(text) is None


def test_one_clear_date_decides_the_order_of_day_and_month() -> None:
    """A date with a day over 12 decides the order for its whole column."""
    assert dates.is_day_first(["05/09/2017", "31/01/1984"]) is True
    assert dates.is_day_first(["05/09/2017", "01/31/1984"]) is False
    assert dates.is_day_first(["05/09/2017"]) is None
    assert dates.is_day_first(["31/01/1984", "01/31/1984"]) is None
    assert dates.parse_date("05/09/2017", day_first=True) == "2017-09-05"


@pytest.mark.parametrize(
    ("normalized", "display"),
    [
        ("2014", "2014"), ("1985?", "1985?"), ("2014-03", "March 2014"),
        ("2014-03-05", "March 5, 2014"), ("2014-21", "spring 2014"), ("1998/2003", "1998–2003"),
    ],
)  # fmt: skip
def test_a_date_is_shown_in_words(normalized: str, display: str) -> None:
    assert dates.display(normalized) == display


@pytest.mark.parametrize(
    ("language", "display"),
    [
        ("fr", "printemps 2014"), ("es", "primavera de 2014"), ("ru", "весна 2014 г."),
        ("ar", "ربيع 2014"), ("zh", "2014年春季"), ("zh-Hans", "2014年春季"),
        ("pt-BR", "primavera de 2014"), ("de", "Frühling 2014"), ("nl", "spring 2014"),
    ],
)  # fmt: skip
def test_a_season_has_its_name_in_the_language(language: str, display: str) -> None:
    """Seasons have names in all languages in which months are read. Others have the English one."""
    assert dates.display("2014-21", language) == display
    assert dates.display("2014-21?", language) == f"{display}?"


@given(st.text(max_size=30))
def test_a_normalized_date_is_parsed_again(text: str) -> None:
    date = dates.parse_date(text)
    if date:
        assert dates.find_year(date) == dates.find_year(text)
        assert dates.display(date)
