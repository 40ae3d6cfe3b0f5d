"""Years in everyday language are parsed as filters on the year of publication."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexer.catalogue.fields import Catalogue, Field
from search_app.engine.query.rewriting import YearExpression, extract_years

TITLE = Field("title", "Title", "text", "title", 2.5)
YEAR = Field("year", "Year", "year", "date", facet=1, names=("datePublished",))
CATALOGUE = Catalogue("Dated", "", (TITLE, YEAR))


EXPRESSIONS: dict[tuple[int | None, int | None], str] = {
    (2010, None): "2010..",
    (2012, None): "Since 2012|from 2012 onwards|2012 or later|depuis 2012|à partir de 2012|"
    "publiés depuis 2012|desde 2012|с 2012 года|начиная с 2012|منذ 2012|منذ عام ٢٠١٢|2012年以来",
    (2015, None): "2015+",
    (2016, None): "after 2015|published after 2015|après 2015|después de 2015|после 2015 года|"
    "بعد 2015|2015年以后",
    (2017, None): "year>=2017|datePublished>2016",
    (2018, None): "year > 2017",
    (None, 2009): "before 2010|prior to 2010|avant 2010|antes de 2010|до 2010|قبل عام 2010|"
    "2010年之前",
    (None, 2010): "until 2010|up to 2010|jusqu'en 2010|hasta 2010",
    (None, 2014): "..2014|حتى 2014",
    (None, 2016): "Year<2017",
    (None, 2017): "year <= 2017",
    (2017, 2017): "year=2017",
    (2010, 2014): "2010-2014|2010 – 2014|2010..2014|between 2010 and 2014|from 2010 to 2014|"
    "2010 to 2014|entre 2010 et 2014|de 2010 à 2014|entre 2010 y 2014|desde 2010 hasta 2014|"
    "с 2010 по 2014 год|между 2010 и 2014|بين 2010 و2014|من 2010 إلى 2014|2010年至2014年|"
    "2010和2014年之间",
    (None, None): "latest|most recent|what's new|les plus récents|los más recientes|новейшие|"
    "أحدث|最新",
}
"""By the first and the last year: the ways to say so. Those of the last row mean the newest."""


@pytest.mark.parametrize(
    ("typed", "first", "last"),
    [(typed, *years) for years, texts in EXPRESSIONS.items() for typed in texts.split("|")],
)
def test_an_expression_is_read_as_years(typed: str, first: int | None, last: int | None) -> None:
    read = extract_years(f"report {typed} on ports", CATALOGUE)
    assert read.expressions == (YearExpression(typed, first, last),)
    ends = [f"{each}" if each else "" for each in (first, last)]
    syntax = {True: f"year:{first}", False: f"year:{ends[0]}..{ends[1]}"}[first == last]
    expected = "report on ports" if first is last is None else f"report {syntax} on ports"
    assert read.text == expected


@pytest.mark.parametrize(
    "typed",
    '"since 2012"|„2010-2014“|«2010-2014»|title:2010-2014|year:2010..2014|2014-2010|'
    "A/RES/2010-2014|2010-2014-2016|-2010-2014|2012...|agenda 2030|report 2016|since 20121|"
    "0378-5955|1600+|greatest|after 9/11|".split("|"),
)
def test_other_texts_stay_as_typed(typed: str) -> None:
    assert extract_years(typed, CATALOGUE).text == typed
    assert not extract_years(typed, CATALOGUE).expressions


def test_an_expression_keeps_its_operator() -> None:
    """An expression is an operand like any other: operators and parentheses apply to it."""
    read = extract_years("(after 2015 OR handbook) NOT since 2018", CATALOGUE)
    assert read.text == "( year:2016.. OR handbook) NOT year:2018.."


def test_a_catalogue_without_years_has_no_year_expressions() -> None:
    assert extract_years("since 2012", Catalogue("None", "", (TITLE,))).text == "since 2012"


@given(st.text(max_size=200))
@example("since 2012 " * 400)
@example("2010" + "-2014" * 300)
@example("between " * 800)
def test_any_text_can_be_read(text: str) -> None:
    read = extract_years(text, CATALOGUE)
    assert all(each.typed in text for each in read.expressions)
    assert read.expressions or read.text == text
