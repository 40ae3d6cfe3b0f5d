"""The advanced form leads to the address that the search box would lead to."""

import pytest
from flask.testing import FlaskClient

from tests.search_app.web.reading import read_page


def find_target(client: FlaskClient, **inputs: str) -> str:
    names = {name.replace("__", "."): text for name, text in inputs.items()}
    response = client.get("/advanced/search", query_string=names)
    assert response.status_code == 303
    return response.headers["Location"]


@pytest.mark.parametrize(
    ("inputs", "query"),
    [
        ({}, "/"),
        ({"words__all": " organ  removal "}, "/?q=organ+removal"),
        ({"words__any": "sea air"}, "/?q=sea+OR+air"),
        ({"words__any": "sea"}, "/?q=sea"),
        ({"words__none": "sea air"}, "/?q=-sea+-air"),
        (
            {"words__all": "smuggling", "words__any": "sea air", "words__none": "land"},
            "/?q=smuggling+%28sea+OR+air%29+-land",
        ),
        ({"in__title": '"model law" 2009'}, "/?q=title%3A%22model+law%22+title%3A2009"),
        ({"words__all": "law", "in__body": "UNICEF"}, "/?q=law+organisation%3AUNICEF"),
        ({"words__all": "traffick*"}, "/?q=traffick%2A"),
        ({"year_from": "2010", "year_to": "2012"}, "/?year=2010..2012"),
        ({"words__all": "law", "year_from": "2010"}, "/?q=law&year=2010.."),
    ],
)
def test_the_form_writes_a_query(client: FlaskClient, inputs: dict[str, str], query: str) -> None:
    assert find_target(client, **inputs) == query


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("AND", "/?q=%22AND%22"),
        ("-sea", "/?q=%22-sea%22"),
        ("title:law", "/?q=%22title%3Alaw%22"),
        ("(law)", "/?q=%22%28law%29%22"),
        ('an "open quote', "/?q=an+open+quote"),
        ("„model law“", "/?q=%22model+law%22"),
    ],
)
def test_a_word_of_the_form_is_no_operator(client: FlaskClient, typed: str, query: str) -> None:
    """A word that the search box would take for an operator is searched for as a word."""
    assert find_target(client, words__all=typed) == query


def test_every_input_of_the_form_has_an_effect(client: FlaskClient) -> None:
    page = read_page(client, "/advanced")
    names = [str(field["name"]) for field in page.select(".advanced input")]
    assert len(names) > 10
    for name in names:
        assert (
            client.get("/advanced/search", query_string={name: "2010"}).headers["Location"] != "/"
        )
    labeled = {str(label["for"]) for label in page.select(".advanced label")}
    assert labeled == {str(field["id"]) for field in page.select(".advanced input")}
