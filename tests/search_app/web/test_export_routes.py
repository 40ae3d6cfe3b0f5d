"""Exports of one publication and of all hits of a search."""

import json
import re
import socket
from contextlib import ExitStack
from email.message import Message
from functools import partial
from threading import Event, Thread
from time import monotonic, sleep
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from search_app.export.registry import FORMATS
from search_app.web import exports
from tests.waiting import until

MODEL_LAW = "unodc-model-law-against-trafficking-in-persons-2009"
LIST = f"/list?id={MODEL_LAW}&id=none"
OTHER_CLIENTS = [{"REMOTE_ADDR": f"192.0.2.{number}"} for number in range(exports.MAX_EXPORTS)]
"""Clients that together may run as many exports as run at a time."""


def ids(client: FlaskClient, query: str) -> list[str]:
    answer = client.get(f"/export/jsonl?{query}")
    assert answer.status_code == 200
    return [json.loads(line)["id"] for line in answer.text.splitlines()]


def file_names(client: FlaskClient, address: str) -> tuple[str, str]:
    header = client.get(address).headers["Content-Disposition"]
    assert header.isascii()
    ascii_part, _, encoded = header.partition("; filename*=")
    names = []
    for value in (ascii_part, f"attachment; filename*={encoded}"):
        message = Message()
        message["Content-Disposition"] = value
        assert message.get_content_disposition() == "attachment"
        names.append(message.get_filename() or "")
    return names[0], names[1]


@pytest.mark.parametrize("query", ["q=organ", "region=South+Asia&sort=title", "q=model&fold=1", ""])
def test_an_export_has_all_hits_of_a_search(client: FlaskClient, query: str) -> None:
    hits = []
    for page in (1, 2):
        found = client.get(f"/api/search?{query}&size=100&page={page}").get_json()
        hits += [hit["id"] for hit in found["hits"]]
    assert ids(client, query) == ids(client, f"{query}&page=2&size=5") == hits


@pytest.mark.parametrize("name", FORMATS)
def test_an_export_has_the_type_of_its_format(client: FlaskClient, name: str) -> None:
    for address in (f"/export/{name}/{MODEL_LAW}", f"/export/{name}?q=organ"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith(FORMATS[name].media_type)
        assert answer.data
        assert file_names(client, address)[0].endswith(f".{FORMATS[name].extension}")


def test_exported_records_link_to_their_page(client: FlaskClient) -> None:
    """A record has the absolute URL of its page, in a streamed export too."""
    one, several = (
        client.get(f"/export/ris{rest}", base_url="https://seen.test").text
        for rest in (f"/{MODEL_LAW}", "?q=model+law")
    )
    for text in (one, several):
        assert f"https://seen.test/publication/{MODEL_LAW}" in text


@pytest.mark.parametrize(
    ("address", "ascii_name", "name"),
    [
        (f"ris/{MODEL_LAW}", "UNODC Model Law against Trafficking in Persons.ris", None),
        ("ris?q=organ+removal&region=Africa", "organ removal, Africa.ris", None),
        ("ris", "Catalogue of Materials.ris", None),
        (f"ris?q={quote('Déjà vu')}", "Deja vu.ris", "Déjà vu.ris"),
        (f"ris?q={quote('органы')}", "publications.ris", "органы.ris"),
        ("ris?q=..%2F..%2Fetc%2Fpasswd", "etc passwd.ris", None),
        ("ris?q=a%0D%0ASet-Cookie:+b%3Dc", "a Set-Cookie b=c.ris", None),
        ("ris?q=%22%3B+filename%3Dx.exe", "; filename=x.exe.ris", None),
        (f"ris?q={'x' * 500}", f"{'x' * 80}.ris", None),
    ],
)
def test_a_file_name_says_the_search(
    client: FlaskClient, address: str, ascii_name: str, name: str | None
) -> None:
    assert file_names(client, f"/export/{address}") == (ascii_name, name or ascii_name)


@pytest.mark.parametrize("address", ["/export/x", f"/export/x/{MODEL_LAW}", "/export/x?q=organ"])
def test_an_unknown_format_is_not_found(client: FlaskClient, address: str) -> None:
    """The 404 of an unknown format lists the known ones."""
    answer = client.get(address)
    assert answer.status_code == 404
    assert ", ".join(FORMATS) in answer.text


@pytest.mark.parametrize(
    "address", ["/export/ris?q=organ", "/api/search-record", "/search-record", f"{LIST}&cite=apa"]
)
def test_two_exports_run_at_a_time(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """A third one gets a 503 with Retry-After until one ends, or its client goes away.

    Search records, also as pages, and the citations of a list count as exports.
    """
    monkeypatch.setattr(exports, "PATIENCE", 0.01)
    monkeypatch.setattr(exports, "BLOCK_BYTES", 100)  # so that an export has several
    monkeypatch.setattr(exports, "SMALL_BYTES", 100)
    paths = ("/export/ris", "/api/search-record")
    running = [
        client.get(path, environ_base=each) for path, each in zip(paths, OTHER_CLIENTS, strict=True)
    ]
    refused = client.get(address)
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    for other in (f"/export/ris/{MODEL_LAW}", LIST):
        assert client.get(other).status_code == 200
    running.pop().close()
    assert client.get(address, buffered=True).status_code == 200
    assert client.get("/export/ris?sort=x").status_code == 400
    for answer in running:
        assert answer.data
        answer.close()


@pytest.mark.parametrize("address", ["/export/ris", "/export/csv?q=organ", "/api/search-record"])
def test_a_client_reads_one_export_at_a_time(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(exports, "PATIENCE", 0.01)
    monkeypatch.setattr(exports, "BLOCK_BYTES", 100)  # so that an export has several
    monkeypatch.setattr(exports, "SMALL_BYTES", 100)
    with client.get("/export/ris") as running:
        assert running.status_code == 200
        assert client.get(address).status_code == 503
        with client.get(address, environ_base=OTHER_CLIENTS[0]) as other:
            assert other.status_code == 200
    assert client.get(address, buffered=True).status_code == 200


def test_a_small_export_needs_no_slot(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """All slots may be taken. An export that is no larger than a page is sent, in one piece."""
    monkeypatch.setattr(exports, "MAX_EXPORTS", 0)
    monkeypatch.setattr(exports, "PATIENCE", 0.01)
    answer = client.get("/export/mods", environ_base={"REMOTE_ADDR": "192.0.2.99"})
    assert (answer.status_code, answer.content_length) == (200, len(answer.data))
    monkeypatch.setattr(exports, "SMALL_BYTES", 100)
    assert client.get("/export/mods").status_code == 503


def test_a_silent_client_loses_its_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes to one that waits: first to those that left no export unfinished."""
    monkeypatch.setattr(exports, "MAX_EXPORTS", 1)
    monkeypatch.setattr(exports, "SILENT_SECONDS", 0.05)
    slots = exports.ExportSlots()
    ours, theirs = socket.socketpair()
    order: list[str] = []

    def export(client: str) -> None:
        with slots.occupy(client):
            order.append(client)

    def are_waiting(number: int) -> bool:
        return len(slots._waiting) == number

    with ours, theirs, slots.occupy("silent", ours) as silent:
        silent.offered = monotonic()
        export("first")
        assert not silent.has_slot
        assert theirs.recv(1) == b""
        with slots.occupy("other"):
            threads = [Thread(target=export, args=(each,)) for each in ("silent", "second")]
            for number, thread in enumerate(threads, 1):
                thread.start()
                until(partial(are_waiting, number), 10)
        for thread in threads:
            thread.join()
    assert order == ["first", "second", "silent"]
    assert slots.has_unread("silent")
    assert not slots.has_unread("first")


def test_a_silent_client_loses_its_slot_earlier_if_more_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {"MAX_EXPORTS": 1, "SILENT_SECONDS": 1000, "PATIENCE": 3600}.items():
        monkeypatch.setattr(exports, name, value)
    slots, is_over = exports.ExportSlots(), Event()

    def export(client: str) -> None:
        with slots.occupy(client):
            is_over.wait()

    threads = [Thread(target=export, args=(each,)) for each in ("first", "second")]
    with slots.occupy("silent") as silent:
        silent.offered = monotonic() - 600
        threads[0].start()
        until(lambda: len(slots._waiting) == 1, 10)
        sleep(3 * exports.LOOK_SECONDS)
        assert silent.has_slot
        threads[1].start()
        until(lambda: not silent.has_slot, 10)
    is_over.set()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(("seconds", "delay"), [(5.0, 9.0), (2.0, 0.0), (1.0, 0.0)])
def test_delays_of_a_client_add_up(
    monkeypatch: pytest.MonkeyPatch, seconds: float, delay: float
) -> None:
    now = 0.0
    monkeypatch.setattr(exports, "monotonic", lambda: now)
    monkeypatch.setattr(exports, "BLOCK_BYTES", 1)
    with exports.ExportSlots().occupy("slow") as export:
        blocks = exports._join_blocks([b"a"] * 4, export, ExitStack())
        next(blocks)
        for _ in range(3):
            now += seconds
            next(blocks)
        assert now - export.offered == delay


def test_few_requests_wait_for_an_export(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If enough requests wait for an export to end, the next one is refused at once."""
    monkeypatch.setattr(exports, "PATIENCE", 3600)
    monkeypatch.setattr(exports, "BLOCK_BYTES", 100)  # so that an export has several
    monkeypatch.setattr(exports, "SMALL_BYTES", 100)
    monkeypatch.setattr(exports, "MAX_WAITING", 0)
    with client.get("/export/ris") as running:
        assert running.status_code == 200
        assert client.get("/export/ris").status_code == 503
    assert client.get("/export/ris", buffered=True).status_code == 200


def test_a_refused_search_keeps_no_export_from_running(client: FlaskClient) -> None:
    etag = client.get("/export/ris", buffered=True).headers["ETag"]
    for _ in range(3):
        client.get("/export/ris?sort=x")
        client.head("/export/ris").close()
        client.get("/export/ris", headers={"If-None-Match": etag}).close()
    assert client.get("/export/ris", buffered=True).status_code == 200


def test_an_export_ends_after_its_time(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An export that takes too long is cut off, so that the client sees an error."""
    monkeypatch.setattr(exports, "MAX_SECONDS", -1)
    monkeypatch.setattr(exports, "BLOCK_BYTES", 100)
    monkeypatch.setattr(exports, "SMALL_BYTES", 100)
    with pytest.raises(TimeoutError):
        client.get("/export/ris", buffered=True)
    monkeypatch.setattr(exports, "MAX_SECONDS", 600)
    slots = client.application.extensions["pubsearch.exports"]
    assert slots.has_unread("127.0.0.1")  # comes after others when it comes back


def test_an_unchanged_export_is_not_sent_again(client: FlaskClient) -> None:
    """A client with the ETag of an export gets a 304 for the same search only."""
    etag = client.get("/export/ris?q=organ").headers["ETag"]
    given = {"If-None-Match": etag}
    assert client.get("/export/ris?q=organ", headers=given).status_code == 304
    assert client.get("/export/ris?q=law", headers=given).status_code == 200
    assert re.fullmatch(r'W/"[0-9a-f]+"', etag)
