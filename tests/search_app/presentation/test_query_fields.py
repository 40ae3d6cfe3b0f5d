"""Fields and years in a query, on the page and in the API."""

from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient

from tests.search_app.web.reading import find, read_page, search


def ids(answer: dict[str, Any]) -> list[str]:
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
def test_a_field_has_every_name_of_its_row(alias: str, own: str, client: FlaskClient) -> None:
    one, other = search(client, alias), search(client, own)
    assert one["total"] == other["total"] != 0
    assert ids(one) == ids(other)
    assert one["unknown_fields"] == []


def test_an_unknown_field_is_reported_with_the_known_ones(client: FlaskClient) -> None:
    answer = search(client, "colour:red trafficking")
    assert answer["unknown_fields"] == ["colour"]
    page = client.get("/", query_string={"q": "colour:red trafficking"}).text
    assert "“colour” is not a field that can be searched. The fields are: title, abstract," in page


@pytest.mark.parametrize(
    ("typed", "own"),
    [
        ("titre:handbook", "title:handbook"), ("-titre:handbook", "-title:handbook"),
        ('thème:"trafficking in persons"', 'topic:"trafficking in persons"'),
        ("année:2010..2015", "year:2010..2015"), ("العنوان:handbook", "title:handbook"),
        ("السنة:2010..", "year:2010.."), ("标题：handbook", "title:handbook"),
        ("sección:Multimedia", "section:Multimedia"), ("section:outils", "section:Tools"),
        ('栏目:"多媒体"', "section:Multimedia"), ("страна:Индия", "country:IN"),
        ("题名：handbook", "title:handbook"), ("éditeur:UNODC", "publisher:UNODC"),
        ('"Éditeur (d’après le catalogue imprimé)":UNODC', "publisher:UNODC"),
        ('-"public visé":police', "-audience:police"), ("организация:ЮНИСЕФ", "body:UNICEF"),
        ('"целевая аудитория":судьи', "audience:judges"), ("год>=2015 law", "year>=2015 law"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", ["", "/fr", "/ar"])
def test_a_field_has_its_label_in_every_language(
    typed: str, own: str, language: str, client: FlaskClient
) -> None:
    one, other = (
        client.get(f"{language}/api/search", query_string={"q": text}).get_json()
        for text in (typed, own)
    )
    assert one["total"] == other["total"] != 0
    assert ids(one) == ids(other)
    assert one["unknown_fields"] == []


def test_an_unknown_field_is_reported_with_labels_of_the_page(client: FlaskClient) -> None:
    page = client.get("/fr/", query_string={"q": "colour:bleu"}).text
    assert "titre, résumé, section, région, pays, thème, organisation, éditeur, année" in page
    arabic = client.get("/ar/", query_string={"q": "colour:red"}).text
    assert "العنوان،\u200f الملخص،\u200f القسم" in arabic


@pytest.mark.parametrize(
    ("typed", "name", "words"),
    [
        ("издательство:UNODC", "издательство", "издательство UNODC"),
        ("-années:2017", "années", "-(années 2017)"), ("مؤلف:UNODC", "مؤلف", "مؤلف UNODC"),
        ('"model law":handbook', "model law", '"model law" handbook'),
        ("« model law »:(law OR sea)", "model law", '"model law" (law OR sea)'),
    ],
)  # fmt: skip
def test_an_unknown_name_in_any_language_is_reported(
    typed: str, name: str, words: str, client: FlaskClient
) -> None:
    one, other = search(client, typed), search(client, words)
    assert one["unknown_fields"] == [name]
    assert one["total"] == other["total"]


@pytest.mark.parametrize(
    "typed",
    ['"model law": handbook', '"model law":', '"law"://x', "关于贩运人口的报告:手册", "10:30"],
)
def test_a_colon_elsewhere_names_no_field(typed: str, client: FlaskClient) -> None:
    """Nor is a text without spaces in Chinese, which has many words, the name of a field."""
    assert search(client, typed)["unknown_fields"] == []


@pytest.mark.parametrize(
    ("language", "examples"),
    [
        ("", {"title:handbook", "organ removal"}),
        ("/fr", {"titre:handbook", "prélèvement d’organes", 'région:"Asie du Sud"'}),
        ("/es", {"título:manual", "extracción de órganos", 'región:"Asia Meridional"'}),
        ("/ru", {"название:handbook", "извлечение органов", 'регион:"Южная Азия"'}),
        ("/ar", {"العنوان:handbook", "نزع الأعضاء", 'المنطقة:"جنوب آسيا"'}),
        ("/zh", {"题名:handbook", "摘取器官", '区域:"南亚"'}),
    ],
)
def test_examples_are_in_the_language_of_the_page(
    language: str, examples: set[str], client: FlaskClient
) -> None:
    page = read_page(client, f"{language}/about")
    links = page.select(".examples a")
    assert examples <= {link.text for link in links}
    for link in links:
        found = read_page(client, str(link["href"]))
        assert found.select(".hit")


def test_years_are_explained_with_the_name_in_the_language_of_the_page(client: FlaskClient) -> None:
    typed = '"année">=2017'
    page = read_page(client, f"/fr/?{urlencode({'q': typed})}")
    assert "«\xa0année>=2017\xa0»" in page.text
    assert find(page, "input[name=q]")["value"] == typed


def test_the_advanced_form_names_fields_in_the_language_of_the_page(client: FlaskClient) -> None:
    location = client.get("/fr/advanced/search?in.title=manual&in.publisher=UNODC").location
    assert "q=titre:manual+%C3%A9diteur:UNODC" in location.replace("%3A", ":")


def test_the_fields_of_the_page_about_the_catalogue_are_names_in_queries(
    client: FlaskClient,
) -> None:
    for language in ("", "/fr", "/ru", "/zh"):
        names = [each.text for each in read_page(client, f"{language}/about").select("p kbd")]
        assert len(names) > 5
        for name in names:
            assert search(client, f"{name}:x")["unknown_fields"] == []


def test_a_url_names_no_field(client: FlaskClient) -> None:
    assert search(client, "http://www.example.org/trafficking")["unknown_fields"] == []


def test_years_filter_and_the_subject_remains(client: FlaskClient) -> None:
    typed, syntax = (
        search(client, "corruption since 2012"),
        search(client, "corruption year:2012.."),
    )
    assert ids(typed) == ids(syntax) != []
    assert typed["years"] == [{"typed": "since 2012", "first": 2012, "last": None}]


def test_years_without_hits_link_to_the_subject(client: FlaskClient) -> None:
    total = search(client, "handbook")["total"]
    ways = search(client, "handbook before 1950")["diagnosis"]["words"]
    assert [(each["text"], each["total"]) for each in ways] == [("handbook", total)]


def test_the_page_explains_years_in_a_query(client: FlaskClient) -> None:
    page = client.get("/", query_string={"q": "trafficking after 2015"}).text
    assert "“after 2015” means published in 2016 or later." in page
    assert "exact=1" in page
    literal = search(client, "trafficking after 2015", exact="1")
    assert literal["years"] == []


def test_latest_ranks_the_newest_edition_first(client: FlaskClient) -> None:
    answer = search(client, "latest global report on trafficking in persons")
    assert ids(answer)[0] == "global-report-on-trafficking-in-persons-2018"
    years = [each["year"] for each in answer["hits"]][:5]
    assert years == sorted(years, reverse=True)
    oldest = search(client, "latest global report on trafficking in persons", sort="oldest")
    assert ids(oldest)[0] != ids(answer)[0]
