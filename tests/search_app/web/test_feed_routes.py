"""The feed of a search, as a feed reader reads it."""

import json
from pathlib import Path
from urllib.parse import urlsplit

import feedparser
import pytest
from flask.testing import FlaskClient

from indexer.jobs import build
from tests.indexer.jobs.test_history import Clock
from tests.samples import write_corpus
from tests.search_app.web.reading import open_index

SITE = "https://seen.test"


def read_feed(client: FlaskClient, address: str) -> feedparser.FeedParserDict:
    answer = client.get(address, base_url=SITE)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    found = feedparser.parse(answer.data)
    assert not found.bozo, found.get("bozo_exception")
    return found


def links(feed: feedparser.FeedParserDict) -> dict[str, str]:
    return {link["rel"]: link["href"] for link in feed.feed.links}


@pytest.mark.parametrize("query", ["", "q=organ", "q=organ&sort=title&size=3", "region=Africa"])
def test_a_feed_has_the_last_added_hits(client: FlaskClient, query: str) -> None:
    """A feed lists the 50 hits that were added last, whatever the order of the search."""
    entries = read_feed(client, f"/feed.atom?{query}").entries
    plain = query.removesuffix("&sort=title&size=3")
    hits = client.get(f"/api/search?{plain}&sort=added&size=50").get_json()["hits"]
    assert [entry.id for entry in entries] == [f"{SITE}/publication/{hit['id']}" for hit in hits]


@pytest.mark.slow
def test_a_feed_says_the_same_as_the_api(client: FlaskClient) -> None:
    total = 0
    for page in (1, 2, 3):
        for entry in read_feed(client, f"/feed.atom?page={page}").entries:
            path = urlsplit(entry.link).path
            found = client.get(f"/api{path}").get_json()
            total += 1
            assert entry.title == found["title"]
            assert entry.get("summary", "") == " ".join((found["summary"] or "").split())
            assert entry.get("prism_publicationdate", "")[:4] == str(found["year"] or "")
            assert entry.published == found["record_added"]
            assert entry.updated == found["record_changed"]
            related = [link["href"] for link in entry.links if link["rel"] == "related"]
            assert related == [link["url"] for link in found["link"][:1]]
            # A detected language, which the record does not state, is not given out.
            stated = found["lang"] if found["lang"] in found["language"] else None
            assert entry.title_detail.language == stated
    assert total == 136


def test_the_parts_of_a_feed_lead_to_each_other(client: FlaskClient) -> None:
    """Readers follow `next` from the first part to the last one, and get each entry once."""
    ids: list[str] = []
    feed = read_feed(client, "/feed.atom?sort=title")
    assert links(feed)["self"] == links(feed)["first"] == feed.feed.id == f"{SITE}/feed.atom"
    assert links(feed)["last"] == f"{SITE}/feed.atom?page=3"
    part, address = feed, links(feed)["self"]
    while address:
        part = read_feed(client, address.removeprefix(SITE))
        assert part.feed.id == feed.feed.id
        assert part.feed.opensearch_totalresults == "136"
        ids += [entry.id for entry in part.entries]
        address = links(part).get("next", "")
    assert len(ids) == len(set(ids)) == 136
    assert links(part)["previous"] == f"{SITE}/feed.atom?page=2"


def test_a_feed_says_what_it_is_about(client: FlaskClient) -> None:
    feed = read_feed(client, "/feed.atom?q=organ&region=Africa")
    assert feed.feed.title == "organ, Africa – Catalogue of Materials"
    assert links(feed)["alternate"] == f"{SITE}/?q=organ&region=Africa&sort=added"


def test_the_list_links_to_its_feed(client: FlaskClient) -> None:
    found = client.get("/?q=organ&page=2", base_url=SITE).text
    assert f'type="application/atom+xml" href="{SITE}/feed.atom?q=organ"' in found


def test_any_text_gives_a_feed(client: FlaskClient) -> None:
    for text in ("%00%01%0B%1F", "%EF%BF%BE", "%ED%A0%80", "%3C/title%3E%26%22", "%F0%9F%90%8B"):
        read_feed(client, f"/feed.atom?q={text}")


def test_an_empty_part_leads_back(client: FlaskClient) -> None:
    assert not read_feed(client, "/feed.atom?q=xyzzy").entries
    beyond = read_feed(client, "/feed.atom?page=9")
    assert not beyond.entries
    assert links(beyond)["previous"] == f"{SITE}/feed.atom?page=3"


def test_an_entry_has_the_times_of_its_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry keeps its time until its record changes, and what was added last comes first."""
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    write_corpus(corpus)
    monkeypatch.setattr(Clock, "hour", 0)
    monkeypatch.setattr(build, "datetime", Clock)
    seen: list[dict[str, tuple[str, str]]] = []
    for entries in ([], [{"title": "Old", "year": 1950}], [{"title": "Old", "year": 1951}]):
        lines = [json.dumps({"id": "old", "section": "Tools", **entry}) for entry in entries]
        (corpus / "more.jsonl").write_text("\n".join(lines), encoding="utf-8")
        build.build(corpus, index)
        found = read_feed(open_index(index), "/feed.atom").entries
        seen.append({each.id: (each.published[11:13], each.updated[11:13]) for each in found})
    identity = f"{SITE}/publication/old"
    assert next(iter(seen[1])) == next(iter(seen[2])) == identity
    assert (seen[1].pop(identity), seen[2].pop(identity)) == (("02", "02"), ("02", "03"))
    assert seen[0] == seen[1] == seen[2] == dict.fromkeys(seen[0], ("01", "01"))


@pytest.mark.parametrize(("start", "language"), [("", "en"), ("/fr", "fr")])
def test_a_feed_states_the_language_of_its_title(
    client: FlaskClient, start: str, language: str
) -> None:
    found = read_feed(client, f"{start}/feed.atom?language=es")
    assert found.feed.title_detail.language == language
    assert "es" in {entry.title_detail.language for entry in found.entries}
