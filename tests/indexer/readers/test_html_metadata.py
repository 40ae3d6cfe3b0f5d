"""The metadata in web pages become records: tags, JSON-LD, microdata, and COinS."""

from urllib.parse import urlencode

from indexer.catalogue.limits import Limits
from tests.indexer.readers.reading import choose, columns, map_records, read_records

TAGS = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Tides | Sea Journal</title>
<link rel="canonical" href="https://example.org/tides">
<meta name="citation_title" content="Tides &amp; harbours">
<meta name="citation_author" content="Byron, Ada">
<meta name="citation_author_institution" content="Sea Board">
<meta name="citation_author" content="Charles Babbage">
<meta name="citation_author_orcid" content="0000-0002">
<meta name="citation_publication_date" content="1843/08/01">
<meta name="citation_journal_title" content="Sea Journal">
<meta name="citation_volume" content="3"><meta name="citation_firstpage" content="66">
<meta name="citation_lastpage" content="73"><meta name="citation_doi" content="10.1000/1">
<meta name="citation_keywords" content="tides; harbours">
<meta name="DC.Creator" content="Byron, Ada">
<meta name="dc:description" lang="fr" content="Des marées.">
<meta property="og:title" content="Tides">
<script type="application/ld+json">{"@context": "https://schema.org", "@type": "Article",
 "name": "Tides", "author": {"@type": "Person", "name": "Ada Byron"}, "wordCount": 12}</script>
</head><body><p>Text</p></body></html>"""
FIELDS = {
    "title": ["Tides & harbours"], "authors": ["Byron, Ada", "Babbage, Charles"],
    "year": ["1843"], "container": ["Sea Journal"], "volume": ["3"], "pages": ["66-73"],
    "doi": ["10.1000/1"], "subjects": ["tides", "harbours"], "summary": ["Des marées."],
    "language": ["en"], "id": ["https:/example.org/tides"], "type": ["Article"],
}  # fmt: skip
DUBLIN_CORE = """<html><head><meta name="DC.title" content="Tides"/>
<meta name="DC.creator" content="Byron, Ada"/><meta name="DCTERMS.issued" scheme="DCTERMS.W3CDTF"
content="1843"/><meta name="DC.identifier" scheme="DCTERMS.URI" content="https://example.org/1"/>
</head></html>"""
JSON_LD = """<html><head><title>Works</title><script type="application/ld+json">
<!-- {"@context": "https://schema.org", "@graph": [{"@type": "WebSite", "name": "Site"},
{"@type": "Person", "@id": "#a", "name": "Ada Byron"},
{"@type": "Book", "name": "Tides", "author": {"@id": "#a"}, "datePublished": "1843"},
{"@type": "Book", "name": "Harbours"}]} -->
</script></head></html>"""
MICRODATA = """<html><body><nav itemscope itemtype="https://schema.org/BreadcrumbList">
<a itemprop="name" href="/">Home</a></nav><div itemscope itemtype="http://schema.org/Book">
<h2 itemprop="name">Tides</h2><p itemprop="author" itemscope itemtype="http://schema.org/Person">
<span itemprop="name">Ada Byron</span></p><meta itemprop="inLanguage" content="en">
<span itemprop="author">Babbage, Charles</span><time itemprop="datePublished" datetime="1843-08">
August</time></div><div itemscope itemtype="https://schema.org/Book">
<b itemprop="name">Harbours</b></div></body></html>"""
CITATIONS = [
    {"rft.genre": "article", "rft.atitle": "Tides", "rft.jtitle": "Sea Journal",
     "rft.aulast": "Byron", "rft.aufirst": "Ada", "rft.au": "Ada Byron", "rft.date": "1843",
     "rft_id": "info:doi/10.1000/1"},
    {"rft.genre": "book", "rft.btitle": "Harbours", "rft.aulast": "Byron", "rft.aufirst": "Ada",
     "rft.au": "Babbage, Charles", "rft.pub": "Press", "rft.place": "London"},
    {"rft.genre": "bookitem", "rft.atitle": "Waves", "rft.btitle": "The sea",
     "rft.aucorp": "Salt Guild"},
]  # fmt: skip
COINS = "<html><body>" + "".join(
    f'<p>x <span class="Z3988" title="ctx_ver=Z39.88-2004&amp;'
    f'{urlencode(each).replace("&", "&amp;")}"></span></p>'
    for each in CITATIONS
)  # fmt: skip


def fields(data: str, number: int = 0) -> dict[str, list[str]]:
    reader = choose(data, "page.txt")
    assert reader
    record = map_records(data, reader)[number]
    return columns(record) | ({"id": [record.id]} if record.id else {})


def test_tags_of_a_page_are_one_record() -> None:
    mapped = fields(TAGS)
    assert {field: mapped.get(field) for field in FIELDS} == FIELDS
    columns = read_records(TAGS, "html-metadata").columns()
    assert columns["jsonld.wordCount"] == ["12"]
    assert columns["dc.creator"] == ["Byron, Ada"]
    assert columns["title"] == ["Tides | Sea Journal"]


def test_tags_of_an_author_are_a_group() -> None:
    [record] = read_records(TAGS, "html-metadata").records
    groups = [
        (each.name, each.group) for each in record.properties if each.name.startswith("citation_au")
    ]
    assert groups == [
        ("citation_author", 1), ("citation_author_institution", 1), ("citation_author", 2),
        ("citation_author_orcid", 2),
    ]  # fmt: skip
    languages = {each.name: each.language for each in record.properties}
    assert languages["dc.description"] == "fr"


def test_dublin_core_tags_are_a_record() -> None:
    mapped = fields(DUBLIN_CORE)
    assert (mapped["title"], mapped["authors"]) == (["Tides"], ["Byron, Ada"])
    assert mapped["year"] == ["1843"]
    columns = read_records(DUBLIN_CORE, "html-metadata").columns()
    assert columns["dc.identifier@scheme"] == ["DCTERMS.URI"]


def test_publications_in_json_ld_are_records() -> None:
    assert fields(JSON_LD)["authors"] == ["Byron, Ada"]
    assert fields(JSON_LD)["year"] == ["1843"]
    assert fields(JSON_LD, 1)["title"] == ["Harbours"]


def test_publications_in_microdata_are_records() -> None:
    assert fields(MICRODATA) == {
        "title": ["Tides"], "authors": ["Byron, Ada", "Babbage, Charles"], "year": ["1843"],
        "date": ["1843-08"], "language": ["en"], "type": ["Book"],
    }  # fmt: skip
    assert fields(MICRODATA, 1)["title"] == ["Harbours"]
    deep = "<div itemscope itemprop='a'>" * 5000 + "<i itemprop='a b'>x" * 5000
    read_records(MICRODATA.replace("<h2", deep + "<h2"), "html-metadata")


def test_citations_in_spans_are_records() -> None:
    """Each COinS is a record. It has its first author once, and a chapter has a container."""
    first, second, third = (fields(COINS, number) for number in range(3))
    assert (first["title"], first["container"]) == (["Tides"], ["Sea Journal"])
    assert (first["authors"], first["doi"]) == (["Byron, Ada"], ["10.1000/1"])
    assert second["authors"] == ["Byron, Ada", "Babbage, Charles"]
    assert (second["title"], second["publisher"]) == (["Harbours"], ["Press"])
    assert (third["title"], third["container"]) == (["Waves"], ["The sea"])
    assert third["authors"] == ["{Salt Guild}"]


def test_articles_with_microdata_and_plain_pages_are_not_recognized() -> None:
    """The reader `html` reads articles with microdata, and reports pages without metadata."""
    article = '<article id="a"><h2 itemprop="name">Tides</h2></article>'
    for page in (TAGS.replace("<p>Text</p>", article), "<html><body><p>Text</p></body></html>"):
        reader = choose(page, "page.html")
        assert reader
        assert reader.NAME == "html"


def test_a_page_without_publication_is_a_problem() -> None:
    for text in ('{"@type": "WebSite", "name": "x"}', "{", ""):
        page = f'<html><script type="application/ld+json">{text}</script></html>'
        reading = read_records(page, "html-metadata")
        assert not reading.records
        assert "no metadata" in reading.problems[0].what


def test_hostile_pages_raise_no_exception() -> None:
    limits = Limits(most_parts=1000)
    head, foot = TAGS.split("</head>")
    many = '<meta name="a" content="b">' * 2000
    assert read_records(head + many + foot, "html-metadata", limits).problems
    assert read_records(head + "<div>" * 100_000, "html-metadata").records
    for size in range(0, len(TAGS), 50):
        read_records(TAGS[:size], "html-metadata")
        choose(TAGS[:size])
