"""Zotero takes each publication for what it is, whichever data of its page it reads.

Zotero tries unAPI, then COinS, then the tags in the head. The rules here, in our own words, are
those by which it finds the type of an item in 2024.
"""

from collections.abc import Mapping, Sequence
from typing import get_args
from urllib.parse import parse_qs

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from indexer.catalogue.fields import Role
from indexer.values.publication_types import PublicationType
from search_app.export import embedded, ris
from search_app.export.csl import TYPES, Item
from tests.search_app.export.conftest import Publications

CSL: Mapping[str, frozenset[str]] = {
    csl: frozenset(types.split())
    for csl, types in {
        "article": "preprint", "article-journal": "journalArticle",
        "article-magazine": "magazineArticle", "article-newspaper": "newspaperArticle",
        "bill": "bill", "book": "book", "broadcast": "podcast tvBroadcast radioBroadcast",
        "chapter": "bookSection", "dataset": "dataset", "document": "document",
        "entry-dictionary": "dictionaryEntry", "entry-encyclopedia": "encyclopediaArticle",
        "graphic": "artwork", "hearing": "hearing", "interview": "interview", "legal_case": "case",
        "legislation": "statute", "manuscript": "manuscript", "map": "map",
        "motion_picture": "film videoRecording", "paper-conference": "conferencePaper",
        "patent": "patent", "personal_communication": "letter email instantMessage",
        "post-weblog": "blogPost", "report": "report", "software": "computerProgram",
        "song": "audioRecording", "speech": "presentation", "standard": "standard",
        "thesis": "thesis", "webpage": "webpage",
    }.items()
}  # fmt: skip
"""The types of Zotero for 31 types of CSL. It takes any other for a document."""
ITEM_TYPES = frozenset().union(*CSL.values())
RIS = {
    "ART": "artwork", "BILL": "bill", "BLOG": "blogPost", "BOOK": "book", "CASE": "case",
    "CHAP": "bookSection", "COMP": "computerProgram", "CPAPER": "conferencePaper",
    "DATA": "dataset", "DICT": "dictionaryEntry", "ELEC": "webpage", "ENCYC": "encyclopediaArticle",
    "FIGURE": "artwork", "HEAR": "hearing", "LEGAL": "case", "MANSCPT": "manuscript", "MAP": "map",
    "MGZN": "magazineArticle", "MPCT": "film", "MUSIC": "audioRecording",
    "NEWS": "newspaperArticle", "PAMP": "manuscript", "PAT": "patent", "PCOMM": "letter",
    "RPRT": "report", "SLIDE": "presentation", "SOUND": "audioRecording", "STAND": "report",
    "STAT": "statute", "THES": "thesis",
}  # fmt: skip
"""The types by the types of RIS. Zotero takes any other for an article in a journal."""
OPENURL = {
    "journal": "journalArticle", "dissertation": "thesis", "dc": "webpage",
    "book bookitem": "bookSection", "book proceeding": "conferencePaper", "book report": "report",
    "book book": "book",
}  # fmt: skip
"""The types by the formats of OpenURL, with the genre for books. `rft.type` corrects them."""
TITLES = {
    **dict.fromkeys(("journalArticle", "bookSection", "conferencePaper"), "rft.atitle"),
    **dict.fromkeys(("book", "report"), "rft.btitle"),
}
"""The keys of titles, where they are not `rft.title`."""
CITATION = {
    "citation_journal_title": "journalArticle", "citation_conference_title": "conferencePaper",
    "citation_inbook_title": "bookSection", "citation_dissertation_institution": "thesis",
    "citation_technical_report_institution": "report",
}  # fmt: skip
"""The types that tags of Google Scholar decide, whatever other tags state."""
OPEN_GRAPH = {"website": "webpage", "book": "book", "video.other": "videoRecording"}
"""The types that `og:type` decides, where no tag of Google Scholar does."""


def make_item(kind: PublicationType) -> Item:
    """Return an item of a type with all that might mislead a reader."""
    texts = "container-title collection-title publisher ISBN ISSN page volume number genre".split()
    values: dict[Role, tuple[str, ...]] = {
        role: (f"{role} 1",) for role in get_args(Role) if role in texts
    }
    return Item(id="x", type=kind, title="Salt", values=values, page_url="https://a.b")


def read_ris(data: bytes) -> str:
    return RIS.get(data.decode().split("\r\n")[0].removeprefix("TY  - "), "journalArticle")


def read_coins(openurl: str) -> str:
    """Return the type of COinS, which must have a title in the key for its form."""
    pairs = parse_qs(openurl)
    form = pairs["rft_val_fmt"][0].removeprefix("info:ofi/fmt:kev:mtx:")
    found = OPENURL[f"{form} {pairs['rft.genre'][0]}" if form == "book" else form]
    assert pairs[TITLES.get(found, "rft.title")]
    stated = [text for text in pairs["rft.type"] if text in ITEM_TYPES]
    return stated[-1] if stated and found != "thesis" else found


def read_tags(tags: Sequence[tuple[str, str]]) -> str:
    names = [name for name, _ in tags]
    stated = next((text for name, text in tags if name == "DC.type"), "")
    candidates = (
        *(CITATION.get(name) for name in reversed(names)),
        next((OPEN_GRAPH.get(text) for name, text in tags if name == "og:type"), None),
        stated if stated in ITEM_TYPES else None,
        "book" if "citation_isbn" in names else None,
        "journalArticle" if "citation_title" in names else None,
    )
    return next(filter(None, candidates), "webpage")


@pytest.mark.parametrize("kind", get_args(PublicationType))
def test_each_way_states_the_type(kind: PublicationType) -> None:
    """COinS, the tags, and RIS, unless it would mislead, state the type that is nearest."""
    item = make_item(kind)
    nearest, by_ris = TYPES[kind].zotero, read_ris(b"".join(ris.write([item])))
    assert nearest in CSL.get(kind, ITEM_TYPES)
    assert read_coins(embedded.write_coins(item)) == nearest
    assert read_tags([*embedded.list_tags(item)]) == nearest
    assert embedded.has_unapi(item) == (by_ris == nearest)


def test_each_page_states_its_type(client: FlaskClient, first_catalogue: Publications) -> None:
    """On a page, unAPI is tried before COinS, and both before the tags: all state the type."""
    catalogue, listed = first_catalogue
    for kind, publication in {catalogue.find_type(each): each for each in listed}.items():
        page = BeautifulSoup(client.get(f"/publication/{publication.id}").text, "lxml")
        metas = page.find_all("meta", content=True)
        tags = [(str(tag.get("name") or tag.get("property")), str(tag["content"])) for tag in metas]
        found = {read_tags(tags), *(read_coins(str(tag["title"])) for tag in page.select(".Z3988"))}
        for tag in page.select("abbr.unapi-id"):
            query = {"id": str(tag["title"]), "format": "ris"}
            answer = client.get("/unapi", query_string=query, follow_redirects=True)
            found.add(read_ris(answer.data))
        assert found == {TYPES[kind].zotero}
