"""Fields and years that people type in a search, on the page and in the API."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient


def found(client: FlaskClient, text: str, **parameters: str) -> dict[str, Any]:
    """The answer of the API to a search for a text."""
    answer = client.get("/api/search", query_string={"q": text, **parameters})
    assert answer.status_code == 200
    return dict(answer.get_json())


def ids(answer: dict[str, Any]) -> list[str]:
    """The ids of the hits of an answer."""
    return [each["id"] for each in answer["hits"]]


@pytest.mark.parametrize(
    ("alias", "own"),
    [
        ("lang:ru", "language:ru"),
        ("LANG:Russian", "language:ru"),
        ("inLanguage:ru", "language:ru"),
        ("language:русский", "language:ru"),
        ("author:unodc", "body:UNODC"),
        ("Organisation:unodc", "body:UNODC"),
        ("spatialCoverage:VN", "country:VN"),
        ('country:"Вьетнам"', "country:VN"),
        ("datePublished:2016", "year:2016"),
    ],
)
def test_a_field_is_known_by_every_name_of_its_row(
    alias: str, own: str, client: FlaskClient
) -> None:
    """A name that sources use for a row, or its label, is the row's name in a query too."""
    one, other = found(client, alias), found(client, own)
    assert one["total"] == other["total"] != 0
    assert ids(one) == ids(other)
    assert one["unknown_fields"] == []


def test_a_name_of_no_field_is_reported_with_the_fields_that_exist(client: FlaskClient) -> None:
    """A name before a colon that no field has is searched for as a word, and the page says so."""
    answer = found(client, "colour:red trafficking")
    assert answer["unknown_fields"] == ["colour"]
    page = client.get("/", query_string={"q": "colour:red trafficking"}).text
    assert "“colour” is not a field that can be searched. The fields are: title, summary," in page


def test_an_address_names_no_field(client: FlaskClient) -> None:
    """The scheme of an address is no field."""
    assert found(client, "http://www.example.org/trafficking")["unknown_fields"] == []


def test_years_filter_and_the_subject_stays(client: FlaskClient) -> None:
    """A search with years finds what is about its subject and was published in these years."""
    typed, syntax = found(client, "corruption since 2012"), found(client, "corruption year:2012..")
    assert ids(typed) == ids(syntax) != []
    assert typed["years"] == [{"typed": "since 2012", "first": 2012, "last": None}]


def test_years_that_leave_nothing_do_not_drop_the_subject(client: FlaskClient) -> None:
    """Where nothing about a subject is from the years typed, nothing else is shown."""
    assert (
        found(client, "video year:..1950")["total"] == found(client, "video before 1951")["total"]
    )
    assert found(client, "video before 1951")["total"] == 0


def test_years_that_leave_nothing_lead_to_the_subject(client: FlaskClient) -> None:
    """Where the years leave nothing, the page links to the subject alone with its count."""
    total = found(client, "handbook")["total"]
    ways = found(client, "handbook before 1950")["diagnosis"]["words"]
    assert [(each["text"], each["total"]) for each in ways] == [("handbook", total)]


def test_the_page_says_how_years_were_read(client: FlaskClient) -> None:
    """The page says what an expression means, with a link to the literal reading."""
    page = client.get("/", query_string={"q": "trafficking after 2015"}).text
    assert "“after 2015” means published in 2016 or later." in page
    assert "exact=1" in page
    literal = found(client, "trafficking after 2015", exact="1")
    assert literal["years"] == []


def test_latest_puts_the_newest_of_the_best_first(client: FlaskClient) -> None:
    """Among editions of one title, the latest one comes first."""
    answer = found(client, "latest global report on trafficking in persons")
    assert ids(answer)[0] == "global-report-on-trafficking-in-persons-2018"
    years = [each["year"] for each in answer["hits"]][:5]
    assert years == sorted(years, reverse=True)
    oldest = found(client, "latest global report on trafficking in persons", sort="oldest")
    assert ids(oldest)[0] != ids(answer)[0]
