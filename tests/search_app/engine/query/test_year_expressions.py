"""Years in everyday language are parsed as filters on the year of publication."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexer.catalogue.fields import Catalogue, Field
from search_app.engine.query.rewriting import YearExpression, extract_years

TITLE = Field("title", "Title", "text", "title", 2.5)
YEAR = Field("year", "Year", "year", "date", facet=1, names=("datePublished",))
CATALOGUE = Catalogue("Dated", "", (TITLE, YEAR))


@pytest.mark.parametrize(
    ("typed", "first", "last"),
    [
        ("2010-2014", 2010, 2014),
        ("2010 – 2014", 2010, 2014),
        ("2010..2014", 2010, 2014),
        ("2010..", 2010, None),
        ("..2014", None, 2014),
        ("2015+", 2015, None),
        ("year>=2017", 2017, None),
        ("year > 2017", 2018, None),
        ("Year<2017", None, 2016),
        ("year <= 2017", None, 2017),
        ("year=2017", 2017, 2017),
        ("datePublished>2016", 2017, None),
        ("after 2015", 2016, None),
        ("published after 2015", 2016, None),
        ("Since 2012", 2012, None),
        ("from 2012 onwards", 2012, None),
        ("2012 or later", 2012, None),
        ("before 2010", None, 2009),
        ("prior to 2010", None, 2009),
        ("until 2010", None, 2010),
        ("up to 2010", None, 2010),
        ("between 2010 and 2014", 2010, 2014),
        ("from 2010 to 2014", 2010, 2014),
        ("2010 to 2014", 2010, 2014),
        ("depuis 2012", 2012, None),
        ("à partir de 2012", 2012, None),
        ("après 2015", 2016, None),
        ("avant 2010", None, 2009),
        ("jusqu'en 2010", None, 2010),
        ("entre 2010 et 2014", 2010, 2014),
        ("de 2010 à 2014", 2010, 2014),
        ("publiés depuis 2012", 2012, None),
        ("desde 2012", 2012, None),
        ("después de 2015", 2016, None),
        ("antes de 2010", None, 2009),
        ("hasta 2010", None, 2010),
        ("entre 2010 y 2014", 2010, 2014),
        ("desde 2010 hasta 2014", 2010, 2014),
        ("с 2012 года", 2012, None),
        ("начиная с 2012", 2012, None),
        ("после 2015 года", 2016, None),
        ("до 2010", None, 2009),
        ("с 2010 по 2014 год", 2010, 2014),
        ("между 2010 и 2014", 2010, 2014),
        ("منذ 2012", 2012, None),
        ("منذ عام ٢٠١٢", 2012, None),
        ("بعد 2015", 2016, None),
        ("قبل عام 2010", None, 2009),
        ("بين 2010 و2014", 2010, 2014),
        ("من 2010 إلى 2014", 2010, 2014),
        ("حتى 2014", None, 2014),
        ("2012年以来", 2012, None),
        ("2015年以后", 2016, None),
        ("2010年之前", None, 2009),
        ("2010年至2014年", 2010, 2014),
        ("2010和2014年之间", 2010, 2014),
        ("latest", None, None),
        ("most recent", None, None),
        ("what's new", None, None),
        ("les plus récents", None, None),
        ("los más recientes", None, None),
        ("новейшие", None, None),
        ("أحدث", None, None),
        ("最新", None, None),
    ],
)
def test_an_expression_is_read_as_years(typed: str, first: int | None, last: int | None) -> None:
    """Each form becomes a filter, and the words around it stay."""
    read = extract_years(f"report {typed} on ports", CATALOGUE)
    assert read.expressions == (YearExpression(typed, first, last),)
    ends = [f"{each}" if each else "" for each in (first, last)]
    syntax = {True: f"year:{first}", False: f"year:{ends[0]}..{ends[1]}"}[first == last]
    expected = "report on ports" if first is last is None else f"report {syntax} on ports"
    assert read.text == expected


@pytest.mark.parametrize(
    "typed",
    [
        '"since 2012"',
        "„2010-2014“",
        "«2010-2014»",
        "title:2010-2014",
        "year:2010..2014",
        "2014-2010",
        "A/RES/2010-2014",
        "2010-2014-2016",
        "-2010-2014",
        "2012...",
        "agenda 2030",
        "report 2016",
        "since 20121",
        "0378-5955",
        "1600+",
        "greatest",
        "after 9/11",
        "",
    ],
)
def test_other_texts_stay_as_typed(typed: str) -> None:
    """Quoted text, field values, and numbers that are not years are not parsed as years."""
    assert extract_years(typed, CATALOGUE).text == typed
    assert not extract_years(typed, CATALOGUE).expressions


def test_an_expression_keeps_its_operator() -> None:
    """An expression is an operand like any other: operators and parentheses apply to it."""
    read = extract_years("(after 2015 OR handbook) NOT since 2018", CATALOGUE)
    assert read.text == "( year:2016.. OR handbook) NOT year:2018.."


def test_a_catalogue_without_years_has_no_year_expressions() -> None:
    """A catalogue without a year facet has no year filters."""
    assert extract_years("since 2012", Catalogue("None", "", (TITLE,))).text == "since 2012"


@given(st.text(max_size=200))
@example("since 2012 " * 400)
@example("2010" + "-2014" * 300)
@example("between " * 800)
def test_any_text_can_be_read(text: str) -> None:
    """Every expression occurs in the text, and a text without expressions stays as typed."""
    read = extract_years(text, CATALOGUE)
    assert all(each.typed in text for each in read.expressions)
    assert read.expressions or read.text == text
