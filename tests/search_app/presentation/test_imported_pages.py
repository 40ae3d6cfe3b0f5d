"""The pages of an imported catalogue: names, links, long lists and values, and nothing missing."""

import csv
from pathlib import Path
from urllib.parse import urlencode

import jsonschema_rs
import pytest
from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient

from indexer.jobs import build
from indexer.jobs.importer import import_files
from tests.catalogue import build_once
from tests.search_app.web.reading import fetch, open_index, read_page, search

pytestmark = pytest.mark.slow

SHELL = "https://archive.example.org/collections/2014/working-papers/river-shells-of-the-delta.pdf"
LONG_JOURNAL = "Proceedings of the Society of " + "Rivers and Lakes and " * 8 + "Seas"
SUBJECTS = [f"Subject {number}" for number in range(1, 61)]
HEADING = ["Title", "Author", "Year", "Journal", "DOI", "URL", "Language", "Keywords", "Abstract",
           "Notes"]  # fmt: skip
RECORDS = [
    [
        "River shells of the delta", "Okafor, Ada; Berg, Jan; Lind, Eva; Wu, Mei; Sato, Ken",
        "2014-03", LONG_JOURNAL, "10.1234/Shell#7(2)", SHELL, "fr", "; ".join(SUBJECTS),
        "Abstract\n\nShells of rivers.\n\nThey are small.",
        "The plates are in a second volume.||Reprinted in 2016 with a new foreword.",
    ],
    ["Tides", "Ada Okafor; Zhu, Li", "2015", "Tidal Notes", "", "https://example.org/tides", "en",
     "Subject 1", "Abstract: Tides rise.", "One plate.||Three maps."],
    ["مجاري الأنهار", "حداد, عمر", "1012", "Tidal Notes", "", "", "ar", "Subject 1", "", ""],
    ["Ada Okafor remembered", "Poe, Una; Alm, Bo; Roy, Cy; Voss, Di", "2014", "", "", "", "en", "",
     "", ""],
    ["A study of rivers " * 12, "", "", "", "", "", "", "", "", ""],
]  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    folder = build_once(tmp_path_factory, "imported", _import)
    return open_index(folder / "index")


def _import(folder: Path) -> None:
    with (folder / "river_papers.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADING, *RECORDS])
    import_files([folder / "river_papers.csv"], folder / "corpus")
    build.build(folder / "corpus", folder / "index")


def open_publication(client: FlaskClient, title: str) -> BeautifulSoup:
    return read_page(client, search(client, f'title:"{title}"')["hits"][0]["url"])


def find_detail(page: BeautifulSoup, label: str) -> Tag:
    [term] = (term for term in page.select(".details dt") if term.text == label)
    value = term.find_next_sibling("dd")
    assert value
    return value


def test_a_date_that_is_only_the_year_is_not_shown_again(client: FlaskClient) -> None:
    """A page shows the date only if it states more than the year above it."""
    assert (
        find_detail(open_publication(client, "River shells"), "Date").text.strip() == "March 2014"
    )
    labels = [term.text for term in open_publication(client, "Tides").select(".details dt")]
    assert "Year" in labels
    assert "Date" not in labels


@pytest.mark.parametrize(
    ("text", "hits"),
    [
        ('"Ada Okafor"', 3), ('"Okafor, Ada"', 2), ('author:"Ada Okafor"', 2),
        ('authors:"Okafor, Ada"', 2), ("authors:okafor", 2), ("author:ada", 2),
        ('"Okafor Jan"', 0), ('"Ada Berg"', 0),
    ],
)  # fmt: skip
def test_a_name_is_found_in_either_order(client: FlaskClient, text: str, hits: int) -> None:
    body = search(client, f"{text} -xyzzy")
    assert (body["total"], body["unknown_fields"]) == (hits, [])


@pytest.mark.parametrize("typed", ["ada", "okaf", "ada ok", "Okafor, A"])
def test_either_part_of_a_name_suggests_the_author(client: FlaskClient, typed: str) -> None:
    body = fetch(client, f"/api/suggest?{urlencode({'q': typed})}")
    [suggestion] = (each for each in body["suggestions"] if each["kind"] == "facet")
    assert (suggestion["label"], suggestion["total"]) == ("Authors: Ada Okafor", 2)


def test_a_typed_name_has_the_same_ranking_in_either_order(client: FlaskClient) -> None:
    direct, inverted = (
        [(hit["title"], hit["score"]) for hit in search(client, text)["hits"]]
        for text in ("Ada Okafor", "Okafor, Ada")
    )
    assert direct == inverted
    assert len(direct) == 3


def test_a_hit_names_three_authors_and_facts(client: FlaskClient) -> None:
    """A hit has three names, given names first, and the number of others, or four if they are all.

    Long values are cut.
    A value with right-to-left letters is isolated from the others.
    """
    page = read_page(client, "/?sort=title")
    lines = {
        hit.h3.text: [line.text for line in hit.select(".authors, .facts")]
        for hit in page.select(".hit")
        if hit.h3
    }
    authors, facts = lines["River shells of the delta"]
    journal, year = facts.split(" · ")
    assert authors == "Ada Okafor, Jan Berg, Eva Lind and 2 more"
    assert "Okafor" not in facts
    assert lines["Ada Okafor remembered"][0] == "Una Poe, Bo Alm, Cy Roy, Di Voss"
    assert journal.startswith("Proceedings of the Society of Rivers")
    assert journal.endswith(" …")
    assert len(journal) < len(LONG_JOURNAL) / 1.5
    assert year == "2014"
    assert lines["مجاري الأنهار"] == ["\u2068عمر حداد\u2069", "Tidal Notes · 1012"]
    assert lines[" ".join(RECORDS[4][0].split())] == []


def test_a_publication_links_to_what_it_names(client: FlaskClient) -> None:
    """Authors in order link to their publications, a DOI to its resolver, a long URL by its host.

    Languages have names.
    """
    page = open_publication(client, "River shells of the delta")
    authors = find_detail(page, "Authors").select("a")
    assert [link.text for link in authors] == [
        "Ada Okafor", "Jan Berg", "Eva Lind", "Mei Wu", "Ken Sato"
    ]  # fmt: skip
    assert authors[0]["href"] == "/?authors=Okafor%2C+Ada"
    assert len(read_page(client, str(authors[0]["href"])).select(".hit")) == 2
    [doi] = find_detail(page, "DOI").select("a")
    assert (doi.text, doi["href"]) == ("10.1234/shell#7(2)", "https://doi.org/10.1234/shell%237(2)")
    [link] = find_detail(page, "Link").select("a")
    assert link["href"] == SHELL
    assert link.text == "archive.example.org/…/river-shells-of-the-delta.pdf"
    assert find_detail(page, "Language").text.strip() == "French"
    [short] = find_detail(open_publication(client, "Tides"), "Link").select("a")
    assert short.text == "https://example.org/tides"


def test_a_long_list_is_folded(client: FlaskClient) -> None:
    """After 20 values, the others are folded without scripts, and none is missing."""
    subjects = find_detail(open_publication(client, "River shells"), "Subjects")
    assert [link.text for link in subjects.select("a")] == SUBJECTS
    folded = subjects.select_one("details:not([open])")
    assert folded
    assert folded.summary
    assert " ".join(folded.summary.text.split()) == "Show 40 more under Subjects"
    assert [link.text for link in folded.select("a")] == SUBJECTS[20:]


def test_an_abstract_has_paragraphs_and_no_heading(client: FlaskClient) -> None:
    river, tides = (open_publication(client, title) for title in ("River shells", "Tides"))
    assert [p.text for p in river.select(".abstract p")] == ["Shells of rivers.", "They are small."]
    assert [p.text for p in tides.select(".abstract p")] == ["Tides rise."]


def test_long_values_have_their_own_lines(client: FlaskClient) -> None:
    """Short values share lines. Values that are long on average, such as notes, do not."""
    page = open_publication(client, "River shells of the delta")
    lists = [find_detail(page, label).select_one("ul") for label in ("Authors", "Notes")]
    assert [each.get("class") for each in lists if each] == [None, ["lines"]]


def test_a_long_title_has_a_smaller_type(client: FlaskClient) -> None:
    """A title that would fill a phone is set smaller."""
    long, short = (open_publication(client, title) for title in ("A study of rivers", "Tides"))
    assert [h1.get("class") for page in (long, short) for h1 in page.select("h1")] == [
        ["long"], None
    ]  # fmt: skip


def test_a_title_has_the_direction_of_its_letters(client: FlaskClient) -> None:
    title = RECORDS[2][0]
    heading = open_publication(client, title).find("h1")
    listed = read_page(client, f"/?{urlencode({'q': title})}").select_one(".hit h3")
    assert heading is not None
    assert listed is not None
    assert (heading["dir"], listed["dir"]) == ("auto", "auto")
    assert heading.text == title


def test_the_facet_of_authors_is_in_the_order_of_family_names(client: FlaskClient) -> None:
    page = read_page(client, "/facet/authors")
    labels = [label.text for label in page.select(".all-rows .label")]
    assert labels == [
        "Ada Okafor", "Bo Alm", "Jan Berg", "Eva Lind", "Una Poe", "Cy Roy", "Ken Sato", "Di Voss",
        "Mei Wu", "Li Zhu", "عمر حداد", "Not stated",
    ]  # fmt: skip


def test_an_odd_year_does_not_squeeze_the_chart(client: FlaskClient) -> None:
    page = read_page(client, "/")
    assert [bar["data-key"] for bar in page.select(".bar")] == ["bar 2014", "bar 2015"]
    assert page.select('[aria-labelledby="facet-year"] [data-key="year=1012"]')


def test_no_element_is_empty(client: FlaskClient) -> None:
    hit = search(client, "tides")["hits"][0]["url"]
    for url in ("/", "/about", hit, "/facet/authors", "/?q=xyzzy"):
        page = read_page(client, url)
        empty = page.select("p:empty, dd:empty, h2:empty, meta[content=''], div.lede:empty")
        empty += [p for p in page.select("p, li, dd") if not p.get_text(strip=True)]
        assert [str(each) for each in empty if not each.has_attr("hidden")] == []
        assert page.title
        assert page.title.text.endswith("River papers")
        assert not {"UNODC", "United Nations"} & set(page.get_text(" ").split())


def test_examples_of_the_about_page_find_something(client: FlaskClient) -> None:
    examples = read_page(client, "/about").select(".examples dt a")
    assert examples
    for example in examples:
        assert read_page(client, str(example["href"])).select(".hit"), example.text


def test_the_api_has_names_in_sortable_form_with_labels(client: FlaskClient) -> None:
    body = search(client, "tides")
    hit = body["hits"][0]
    assert hit["authors"] == ["Okafor, Ada", "Zhu, Li"]
    labels = {bucket["value"]: bucket["label"] for bucket in body["facets"]["authors"]}
    assert labels["Okafor, Ada"] == "Ada Okafor"
    document = fetch(client, "/api/openapi.json")
    document["$ref"] = "#/components/schemas/Publication"
    jsonschema_rs.validator_for(document).validate(fetch(client, f"/api{hit['url']}"))


def test_a_hit_shows_its_symbol_first(tmp_path: Path) -> None:
    """The symbol of a document, by which its library names it, comes before the other facts."""
    table = "Title,Author,Journal,Year,Document symbol\nSalt,Ada Okafor,Tides,1999,A/RES/55/25\n"
    (tmp_path / "papers.csv").write_text(table, encoding="utf-8")
    import_files([tmp_path / "papers.csv"], tmp_path / "corpus")
    build.build(tmp_path / "corpus", tmp_path / "index")
    [hit] = read_page(open_index(tmp_path / "index"), "/").select(".hit")
    assert [facts.text for facts in hit.select(".facts")] == ["A/RES/55/25 · Tides · 1999"]
