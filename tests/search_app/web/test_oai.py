"""OAI-PMH, as harvesters use it: sickle copies whole catalogues and what has changed since."""

import gzip
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from flask.testing import FlaskClient
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree
from sickle import Sickle
from sickle.models import Record
from sickle.oaiexceptions import IdDoesNotExist, NoRecordsMatch
from werkzeug.datastructures import MultiDict

from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Publication
from indexer.catalogue.retired import Retired
from search_app.engine import Engine
from search_app.export.csl import format_time
from search_app.web import incoming, oai
from search_app.web.context import get_searcher
from tests.browser.site import serving_index
from tests.search_app.engine import catalogues
from tests.search_app.export import citation_samples
from tests.search_app.web.reading import make_client, open_index

SITE = "https://seen.test"
OAI = {"o": "http://www.openarchives.org/OAI/2.0/"}
SIZE = 1241
START = 1_700_000_000
"""The time of the first change."""
HOUR = 3600


CATALOGUE: Catalogue = msgspec.structs.replace(
    citation_samples.CATALOGUE,
    fields=(
        Field("title", "Title", kind="text", role="title", weight=1.0),
        Field("kind", "Kind", facet=1),
        *citation_samples.CATALOGUE.fields[1:],
    ),
    contact="catalogue@example.org",
)
"""A catalogue whose sets are the types of its publications."""


def make_publications() -> list[Publication]:
    """Return SIZE publications of 33 types, which changed in the course of an hour."""
    samples = cycle(citation_samples.read_publications())
    return [
        msgspec.structs.replace(
            each,
            id=f"{each.id}/{number}",
            title=f"{number}: {each.title}",
            values={**each.values, "kind": each.values["type"]},
            added=START,
            changed=START + number % HOUR,
        )
        for number, each in zip(range(SIZE), samples, strict=False)
    ]


class Site(NamedTuple):
    """A site that takes up what is published: its URL, its engine, and the folder of its index."""

    url: str
    engine: Engine
    folder: Path

    def publish(self, made: Sequence[Publication], retired: Sequence[Retired] = ()) -> None:
        catalogues.index(self.folder, made, CATALOGUE, retired)
        self.engine.refresh()

    def harvest(self, prefix: str = "oai_dc", **arguments: str) -> Iterator[Record]:
        records: Iterator[Record] = Sickle(self.url).ListRecords(metadataPrefix=prefix, **arguments)
        return records

    def find_ids(self, records: Iterator[Record]) -> dict[str, bool]:
        namespace = "oai:127.0.0.1:"
        assert namespace in self.url.replace("http://", "oai:") + ":"
        return {each.header.identifier.removeprefix(namespace): each.deleted for each in records}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    index = catalogues.index(tmp_path / "index", make_publications(), CATALOGUE)
    engine = Engine(index)
    with serving_index(index, engine) as url:
        yield Site(f"{url}/oai", engine, index)


# Harvests


def revise(publications: Sequence[Publication], hours: int) -> list[Publication]:
    return [
        msgspec.structs.replace(each, title=f"{each.title}, revised", changed=START + hours * HOUR)
        for each in publications
    ]


def remove(publications: Sequence[Publication], hours: int) -> list[Retired]:
    time = datetime.fromtimestamp(START + hours * HOUR, UTC)
    return [Retired(each.id, each.title, time) for each in publications]


@pytest.mark.parametrize("prefix", oai.FORMATS)
def test_a_harvest_is_complete_though_the_index_changes(site: Site, prefix: str) -> None:
    """Each record is copied while two new indexes are published, and each removal is reported.

    Of a record that changes after it was copied, the last copy is the present one.
    """
    made, copied = make_publications(), dict[str, Record]()
    records = site.harvest(prefix)
    copied |= {each.header.identifier: each for each in islice(records, 400)}
    first = [*made[:20], *revise(made[20:40], 2), *made[50:-10], *revise(made[-10:], 2)]
    site.publish(first, remove(made[40:50], 2))
    copied |= {each.header.identifier: each for each in islice(records, 400)}
    second = [*revise(first[:5], 3), *first[5:600], *first[610:]]
    site.publish(second, [*remove(made[40:50], 2), *remove(first[600:610], 3)])
    copied |= {each.header.identifier: each for each in records}
    expected = {each.header.identifier: each.raw for each in site.harvest(prefix)}
    assert {name: each.raw for name, each in copied.items()} == expected
    assert sum(not each.deleted for each in copied.values()) == len(second) == SIZE - 20
    titles = "\n".join(each.raw for each in copied.values())
    assert titles.count(", revised</") == 35


def test_an_incremental_harvest_has_what_changed_and_was_removed(site: Site) -> None:
    """From the time of the last harvest on, a list has exactly the changes since."""
    made = make_publications()
    site.publish([*revise(made[:3], 5), *made[7:]], remove(made[3:7], 5))
    since = format_time(START + HOUR)
    expected = {each.id: number > 2 for number, each in enumerate(made[:7])}
    assert site.find_ids(site.harvest(**{"from": since})) == expected


def test_the_period_includes_both_of_its_ends(site: Site) -> None:
    made = make_publications()
    for since, until in ((0, 0), (3, 10), (100, 2000)):
        found = site.find_ids(
            site.harvest(
                **{"from": format_time(START + since), "until": format_time(START + until)}
            )
        )
        assert set(found) == {each.id for each in made if since <= each.changed - START <= until}
    day = {"from": format_time(START)[:10], "until": format_time(START)[:10]}
    assert len(site.find_ids(site.harvest(**day))) == SIZE


def test_a_set_has_the_publications_with_a_value(site: Site) -> None:
    made = make_publications()
    site.publish(made[1:], remove(made[:1], 2))
    sets = {each.setSpec: each.setName for each in Sickle(site.url).ListSets()}
    assert {"book", "article-journal"} < set(sets)
    for spec in sets:
        found = [*site.harvest(set=spec)]
        assert {each.header.identifier for each in found if not each.deleted} == {
            f"oai:127.0.0.1:{each.id}" for each in made[1:] if each.values["kind"] == (spec,)
        }
        assert all(each.header.setSpecs == [spec] for each in found if not each.deleted)
        assert [each.deleted for each in found].count(True) == 1
    with pytest.raises(NoRecordsMatch):
        site.harvest(set="none")


# The protocol


@pytest.fixture(scope="module")
def client(catalogue_engine: Engine) -> FlaskClient:
    return make_client(catalogue_engine)


def ask(client: FlaskClient, *arguments: tuple[str, str], method: str = "GET") -> Any:
    place = "data" if method == "POST" else "query_string"
    given: dict[str, Any] = {place: MultiDict(arguments)}
    response = client.open("/oai", method=method, base_url=SITE, **given)
    assert response.status_code == 200
    assert response.content_type == "text/xml; charset=utf-8"
    root = etree.fromstring(response.data)
    assert datetime.fromisoformat(root.findtext("o:responseDate", namespaces=OAI)).tzinfo
    return root


def find_error(root: Any) -> str:
    error = root.find("o:error", OAI)
    assert error is None or error.text
    return "" if error is None else str(error.get("code"))


def encode(value: object) -> str:
    return urlsafe_b64encode(msgspec.json.encode(value)).decode().rstrip("=")


DC = ("metadataPrefix", "oai_dc")
ERRORS: Sequence[tuple[str, Sequence[tuple[str, str]]]] = (
    ("badVerb", []),
    ("badVerb", [("verb", "")]),
    ("badVerb", [("verb", "listRecords")]),
    ("badVerb", [("verb", "Identify"), ("verb", "Identify")]),
    ("badArgument", [("verb", "Identify"), ("until", "2026-01-01")]),
    ("badArgument", [("verb", "ListSets"), DC]),
    ("badArgument", [("verb", "ListRecords")]),
    ("badArgument", [("verb", "ListRecords"), DC, DC]),
    ("badArgument", [("verb", "ListRecords"), DC, ("resumptionToken", "x")]),
    ("badArgument", [("verb", "ListRecords"), DC, ("identifier", "x")]),
    ("badArgument", [("verb", "GetRecord"), DC]),
    ("badArgument", [("verb", "GetRecord"), ("identifier", "x")]),
    ("badArgument", [("verb", "GetRecord"), ("identifier", "x"), ("metadataPrefix", "oai dc")]),
    ("badArgument", [("verb", "ListRecords"), ("metadataPrefix", "ö")]),
    *(("badArgument", [("verb", "ListRecords"), DC, ("set", name)]) for name in ("", "a b", "a:")),
    *(
        ("badArgument", [("verb", verb), DC, *dates])
        for verb in ("ListRecords", "ListIdentifiers")
        for dates in (
            [("from", "2026")], [("from", "")], [("until", "2026-13-01")], [("from", "2026-02-30")],
            [("from", "2026-01-01T00:00:00")], [("from", "2026-01-01T00:00Z")],
            [("from", "2026-01-01"), ("until", "2026-01-02T00:00:00Z")],
            [("from", "2026-01-02"), ("until", "2026-01-01")], [("from", "٢٠٢٦-01-01")],
            [("from", "2026-01-01T00:00:60Z")],
        )
    ),
    ("noRecordsMatch", [("verb", "ListRecords"), DC, ("until", "1999-01-01")]),
    ("noRecordsMatch", [("verb", "ListRecords"), DC, ("until", "1969-12-31")]),
    ("noRecordsMatch", [("verb", "ListIdentifiers"), DC, ("from", "9999-12-31")]),
    ("noRecordsMatch", [("verb", "ListRecords"), DC, ("set", "Nowhere")]),
    ("cannotDisseminateFormat", [("verb", "ListRecords"), ("metadataPrefix", "ris")]),
    ("idDoesNotExist", [("verb", "GetRecord"), DC, ("identifier", "oai:seen.test:none")]),
    ("idDoesNotExist", [("verb", "GetRecord"), DC, ("identifier", "none & <none>")]),
    ("idDoesNotExist", [("verb", "ListMetadataFormats"), ("identifier", "oai:x:y")]),
    ("badResumptionToken", [("verb", "ListRecords"), ("resumptionToken", "")]),
    ("badResumptionToken", [("verb", "ListRecords"), ("resumptionToken", "WyJvYWlfZGMiXQ")]),
    ("badResumptionToken", [("verb", "ListIdentifiers"), ("resumptionToken", "ä")]),
    ("badResumptionToken", [("verb", "ListSets"), ("resumptionToken", "x")]),
    *(
        ("badResumptionToken", [("verb", "ListRecords"), ("resumptionToken", encode(token))])
        for token in (
            ["ris", [0, 9, "", "", ""]], ["oai_dc", [0, 1 << 70, "", "", ""]],
            ["oai_dc", [0, 9, "", "title", "x"]], ["oai_dc"], {"x": 1}, 7,
        )
    ),
)  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_each_error_has_its_code(client: FlaskClient, method: str) -> None:
    for code, arguments in ERRORS:
        root = ask(client, *arguments, method=method)
        assert find_error(root) == code, arguments
        request = root.find("o:request", OAI)
        assert request.text == f"{SITE}/oai"
        stated = {} if code in ("badVerb", "badArgument") else dict(arguments)
        assert dict(request.attrib) == stated


ARGUMENTS = st.sampled_from(
    ("verb", "metadataPrefix", "identifier", "from", "until", "set", "resumptionToken", "x")
)
TOKENS = st.tuples(
    st.sampled_from(("oai_dc", "mods")),
    st.tuples(st.integers(), st.integers(), st.text(), st.sampled_from(("", "section")), st.text()),
).map(encode)
VALUES = (
    st.text(max_size=20)
    | TOKENS
    | st.sampled_from((*oai.VERBS, *oai.FORMATS, "2026-01-01", "Africa"))
)


@given(arguments=st.lists(st.tuples(ARGUMENTS, VALUES), max_size=5))
@example([("verb", "GetRecord"), ("identifier", "\0\x1f\ufffe"), ("metadataPrefix", "mods")])
@example([("verb", "ListRecords"), ("set", "~FF~00"), ("metadataPrefix", "mods")])
def test_any_arguments_get_a_response_of_the_protocol(
    client: FlaskClient, arguments: list[tuple[str, str]]
) -> None:
    root = ask(client, *arguments)
    error = find_error(root)
    assert error or etree.QName(root[-1]).localname == dict(arguments)["verb"]


def test_a_site_describes_itself(client: FlaskClient, site: Site) -> None:
    (identify,) = ask(client, ("verb", "Identify")).iter(f"{{{OAI['o']}}}Identify")
    texts = {etree.QName(each).localname: each.text for each in identify}
    earliest = texts.pop("earliestDatestamp")
    assert find_error(ask(client, ("verb", "ListRecords"), DC, ("until", earliest))) == ""
    assert texts == {
        "repositoryName": "Catalogue of Materials", "baseURL": f"{SITE}/oai",
        "protocolVersion": "2.0", "adminEmail": "postmaster@seen.test",
        "deletedRecord": "transient", "granularity": "YYYY-MM-DDThh:mm:ssZ", "compression": "gzip",
    }  # fmt: skip
    identity = Sickle(site.url).Identify()
    assert identity.adminEmail == "catalogue@example.org"
    assert identity.earliestDatestamp == format_time(START)


def test_a_record_is_found_by_its_identifier(site: Site) -> None:
    made = make_publications()
    site.publish(made[1:], [*remove(made[:1], 2), Retired("alias", successor=made[1].id)])
    harvester = Sickle(site.url, http_method="POST")
    for prefix in oai.FORMATS:
        for each in islice(site.harvest(prefix), 3):
            found = harvester.GetRecord(identifier=each.header.identifier, metadataPrefix=prefix)
            assert found.raw == each.raw
        removed = harvester.GetRecord(
            identifier=f"oai:127.0.0.1:{made[0].id}", metadataPrefix=prefix
        )
        assert removed.deleted
        assert "metadata" not in removed.raw
    with pytest.raises(IdDoesNotExist):
        harvester.GetRecord(identifier="oai:127.0.0.1:alias", metadataPrefix="mods")


def test_identifiers_are_those_of_any_id(tmp_path: Path) -> None:
    ids = ["a b", "ü/ñ?x=1#y", "100%", "a:b", "العربية", "~x", "a&b<c>"]
    publications = [
        msgspec.structs.replace(each, id=identity)
        for each, identity in zip(make_publications(), ids, strict=False)
    ]
    for root in ("", "/films/of"):
        index = catalogues.index(tmp_path / f"index{len(root)}", publications, CATALOGUE)
        site = open_index(index, prefix=root)
        found = etree.fromstring(
            site.get(f"{root}/oai?verb=ListIdentifiers&metadataPrefix=mods").data
        )
        identifiers = found.xpath("//o:identifier/text()", namespaces=OAI)
        assert len(set(identifiers)) == len(ids)
        assert all(each.isascii() and " " not in each for each in identifiers)
        for each in identifiers:
            arguments = {"verb": "GetRecord", "metadataPrefix": "marcxml", "identifier": each}
            record = etree.fromstring(site.get(f"{root}/oai", query_string=arguments).data)
            assert find_error(record) == ""
            assert record.findtext(".//o:identifier", namespaces=OAI) == each


def test_a_removal_may_be_older_than_the_catalogue(site: Site) -> None:
    time = datetime(1969, 7, 20, 22, 17, 40, tzinfo=timezone(timedelta(hours=2)))
    site.publish(make_publications()[:3], [Retired("first", time=time)])
    assert Sickle(site.url).Identify().earliestDatestamp == "1969-07-20T20:17:40Z"
    assert next(site.harvest()).header.identifier == "oai:127.0.0.1:first"


def test_the_index_may_change_during_a_request(tmp_path: Path) -> None:
    """The sets are those of the catalogue with which the request began."""
    made = make_publications()[:5]
    engine = Engine(catalogues.index(tmp_path / "index", made, CATALOGUE))
    with make_client(engine).application.test_request_context("/oai?verb=ListSets"):
        get_searcher()
        without_facets = msgspec.structs.replace(CATALOGUE, fields=CATALOGUE.fields[:1], types=())
        bare = [msgspec.structs.replace(each, values={}) for each in made]
        catalogues.index(tmp_path / "index", bare, without_facets)
        engine.refresh()
        sets = etree.fromstring(oai.serve().data)[-1]
    assert len(sets) == len({each.values["kind"] for each in made})


def test_facets_are_counted_once(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests for a set count the values of the first facet once for each generation."""
    ask(client, ("verb", "ListSets"))
    monkeypatch.setattr(Engine, "answer", None)
    asked = (("verb", "ListIdentifiers"), ("metadataPrefix", "oai_dc"), ("set", "none"))
    assert find_error(ask(client, *asked)) == "noRecordsMatch"


@pytest.mark.parametrize(
    "arguments",
    [
        (("verb", "ListRecords"), ("metadataPrefix", "oai_dc"), ("set", "x" * 60_000)),
        (("verb", "GetRecord"), ("metadataPrefix", "oai_dc"), ("identifier", "x" * 60_000)),
        (("verb", "ListRecords"), ("metadataPrefix", "x" * 60_000)),
        (("verb", "ListRecords"), ("resumptionToken", "x" * 60_000)),
        (("verb", "Identify"), ("x" * 60_000, "1")),
        (("verb", "Identify"), ("x" * 30_000, "1"), ("x" * 30_000, "2")),
    ],
)
def test_errors_are_short(client: FlaskClient, arguments: Sequence[tuple[str, str]]) -> None:
    root = ask(client, *arguments)
    assert find_error(root)
    assert len(etree.tostring(root)) < 4 * oai.MAX_STATED_CHARS


def test_other_methods_are_refused(client: FlaskClient) -> None:
    response = client.put("/oai")
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD, POST")


def test_a_large_body_is_not_read(client: FlaskClient) -> None:
    """The application itself limits the body, so no server in front of it has to."""
    arguments = {"verb": "Identify", "x": "x" * incoming.MAX_BODY_BYTES}
    assert client.post("/oai", data=arguments).status_code == 413


def test_a_response_is_compressed_on_request(client: FlaskClient) -> None:
    url = "/oai?verb=ListRecords&metadataPrefix=oai_dc"
    plain = client.get(url)
    packed = client.get(url, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert plain.headers["Vary"] == packed.headers["Vary"] == "Accept-Encoding"
    lists = [etree.fromstring(data)[-1] for data in (plain.data, gzip.decompress(packed.data))]
    assert etree.tostring(lists[0]) == etree.tostring(lists[1])
    assert len(packed.data) * 3 < len(plain.data)


def test_a_setting_turns_harvests_off(catalogue_engine: Engine) -> None:
    for is_on in (True, False):
        site = make_client(catalogue_engine, oai=is_on)
        assert site.get("/oai?verb=Identify").status_code == (200 if is_on else 404)
        assert (f"<code>{SITE}/oai</code>" in site.get("/about", base_url=SITE).text) == is_on


def test_a_catalogue_without_facets_has_no_sets(tmp_path: Path) -> None:
    fields = CATALOGUE.fields[:1]
    publications = [msgspec.structs.replace(each, values={}) for each in make_publications()[:5]]
    catalogue = msgspec.structs.replace(CATALOGUE, fields=fields, types=())
    index = catalogues.index(tmp_path / "index", publications, catalogue)
    site = open_index(index)
    for arguments in ([("verb", "ListSets")], [("verb", "ListRecords"), DC, ("set", "x")]):
        assert find_error(ask(site, *arguments)) == "noSetHierarchy"
    assert len(ask(site, ("verb", "ListRecords"), DC)[-1]) == 5
    bare = open_index(catalogues.index(tmp_path / "bare", publications, CATALOGUE))
    assert find_error(ask(bare, ("verb", "ListSets"))) == "noSetHierarchy"
