"""The files of publications are served by digest, unchanged, and without any rights."""

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from indexer.codec.segment.fulltext import File
from search_app.engine import Searcher
from search_app.engine.store import StoredFile
from tests.search_app.web.reading import open_corpus

CATALOGUE = """\
title = "Reports"
description = ""
files = "serve"
field = [
    { name = "title", label = "Title", kind = "text", role = "title", weight = 2.5 },
    { name = "access", label = "Access", restricted = ["on request"] },
    { name = "file", label = "Files", kind = "file", several = true },
    { name = "fulltext", label = "Full text", kind = "fulltext", weight = 0.3 },
]
"""
RECORDS = """\
{"id": "open", "title": "An open report", "access": "open", "file": ["a/report.pdf"]}
{"id": "closed", "title": "A closed report", "access": "on request"}
"""
DATA = b"%PDF-1.7 " + bytes(range(256)) * 400
DIGEST = sha256(DATA).hexdigest()


class Site(NamedTuple):
    """A site, and a function that adds a file to its index and returns its URL."""

    client: FlaskClient
    add: Callable[..., str]

    def get(self, url: str, method: str = "GET", **headers: str) -> TestResponse:
        stated = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(url, method=method, headers=stated, buffered=True)


@pytest.fixture
def make_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Site]:
    files: dict[str, StoredFile] = {}

    def add(
        name: str = "report.pdf", data: bytes = DATA, media_type: str = "application/pdf",
        publications: tuple[str, ...] = ("open",),
    ) -> str:  # fmt: skip
        path = tmp_path / name
        path.write_bytes(data)
        digest = sha256(data).hexdigest()
        files[digest] = StoredFile(File(str(path), digest, media_type, 0, 0), publications)
        return f"/file/{digest}/{name}"

    def make(catalogue: str = CATALOGUE, prefix: str = "") -> Site:
        corpus = tmp_path / "corpus"
        corpus.mkdir()
        (corpus / "catalogue.toml").write_text(catalogue, "utf-8")
        (corpus / "records.jsonl").write_text(RECORDS, "utf-8")
        return Site(open_corpus(corpus, prefix=prefix), add)

    monkeypatch.setattr(Searcher, "find_file", lambda _, digest: files.get(digest))
    return make


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    return make_site()


def test_a_pdf_is_displayed_in_a_sandbox(site: Site) -> None:
    """A PDF is served as it is. It may run and load nothing."""
    response = site.get(site.add("Résumé 1.pdf"))
    assert response.data == DATA
    assert response.content_type == "application/pdf"
    assert response.content_length == len(DATA)
    disposition = response.headers["Content-Disposition"]
    assert disposition.startswith("inline;")
    assert "filename*=UTF-8''R%C3%A9sum%C3%A9%201.pdf" in disposition
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.get_etag() == (DIGEST, False)


@pytest.mark.parametrize(
    ("media_type", "content_type", "disposition"),
    [
        ("text/plain", "text/plain; charset=utf-8", "inline"),
        ("text/html", "text/html", "attachment"),
        ("application/jats+xml", "application/jats+xml", "attachment"),
        ("application/tei+xml", "application/tei+xml", "attachment"),
    ],
)
def test_only_pdf_and_plain_text_are_displayed(
    media_type: str, content_type: str, disposition: str, site: Site
) -> None:
    """A browser saves HTML and XML, which could run scripts."""
    response = site.get(site.add("page", b"<script>alert(1)</script>", media_type))
    assert response.content_type == content_type
    assert response.headers["Content-Disposition"].startswith(f"{disposition};")
    assert "sandbox" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("stated", "start", "end"),
    [("bytes=0-9", 0, 10), ("bytes=-5", len(DATA) - 5, len(DATA)), ("bytes=7-", 7, len(DATA))],
)
def test_a_reader_gets_a_range(stated: str, start: int, end: int, site: Site) -> None:
    response = site.get(site.add(), Range=stated)
    assert response.status_code == 206
    assert response.data == DATA[start:end]
    assert response.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(DATA)}"


@pytest.mark.parametrize(
    "stated",
    ["lines=0-9", "bytes=0-4,8-9", "bytes=5-2", "bytes=", "bytes=-", "bytes=a-b", "bytes=1",
     "bytes=--1", "bytes=0x1-2", "bytes=1-2-3", "bytes", "=0-9", "0-9", "bytes=\u0662-\u0663",
     f"bytes={'9' * 5000}-", "bytes 0-9/20"],
)  # fmt: skip
def test_other_ranges_are_ignored(stated: str, site: Site) -> None:
    """A request for several ranges, in another unit, or of no range gets the whole file.

    A static file is sent whole too.
    """
    for url, data in ((site.add(), DATA), ("/static/print.js", None)):
        response = site.get(url, Range=stated)
        assert response.status_code == 200
        assert response.data == (data or site.get(url).data)


@pytest.mark.parametrize("stated", ["Bytes=0-9", "bytes= 0-9", "bytes=0-9 "])
def test_a_range_has_several_spellings(stated: str, site: Site) -> None:
    assert site.get(site.add(), Range=stated).data == DATA[:10]


def test_a_range_beyond_the_end_is_rejected(site: Site) -> None:
    assert site.get(site.add(), Range="bytes=999999-").status_code == 416


def test_a_range_of_another_file_is_the_whole_file(site: Site) -> None:
    """With `If-Range`, a range is sent only if the reader has the rest of the same file."""
    url = site.add()
    headers = {"Range": "bytes=0-9", "If_Range": f'"{DIGEST}"'}
    assert site.get(url, **headers).status_code == 206
    headers["If_Range"] = '"other"'
    assert site.get(url, **headers).data == DATA


def test_a_head_request_has_the_headers_only(site: Site) -> None:
    response = site.get(site.add(), "HEAD")
    assert response.status_code == 200
    assert response.data == b""
    assert response.content_length == len(DATA)


def test_a_known_file_is_not_sent_again(site: Site) -> None:
    """A reader that has the file gets 304, whatever generation is live."""
    url = site.add()
    response = site.get(url, If_None_Match=f'"{DIGEST}"')
    assert response.status_code == 304
    assert response.data == b""
    assert response.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("name", ["other.pdf", "..", "%2e%2e", "a%20b.html", "x;y"])
def test_the_name_in_the_url_decides_nothing(name: str, site: Site) -> None:
    url = site.add()
    response = site.get(f"/file/{url.split('/')[2]}/{name}")
    assert response.status_code in {200, 404}
    if response.status_code == 200:
        assert response.data == DATA
        assert "report.pdf" in response.headers["Content-Disposition"]


@pytest.mark.parametrize(
    "path",
    [
        "/file/../report.pdf", "/file/..%2f..%2fetc%2fpasswd/a", "/file//etc/passwd",
        "/file/%2fetc%2fpasswd/passwd", f"/file/{DIGEST}/../../report.pdf",
        f"/file/{DIGEST}/a/b.pdf", f"/file/{DIGEST}", f"/file/{DIGEST[:-1]}/report.pdf",
        f"/file/{DIGEST.upper()}/report.pdf", f"/file/{DIGEST}%00/report.pdf", "/file/report.pdf/x",
    ],
)  # fmt: skip
def test_no_path_is_read(path: str, site: Site) -> None:
    site.add()
    assert site.get(path).status_code == 404


def _change(path: Path) -> None:
    status = path.stat()
    path.write_bytes(b"x" * len(DATA))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b"secret")
    other.rename(path)


def _link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


def _make_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("change", [_change, _replace, _link, _make_pipe, Path.unlink])
def test_a_changed_file_is_not_served(
    change: Callable[[Path], None], site: Site, tmp_path: Path
) -> None:
    """After any change of the file, its URL says so. The cached digest does not hide the change."""
    url = site.add()
    assert site.get(url).status_code == 200
    change(tmp_path / "report.pdf")
    response = site.get(url)
    assert response.status_code == 404
    assert "This file was changed or removed." in response.text


@pytest.mark.parametrize("publications", [("closed",), ("open", "closed"), ("gone",), ()])
def test_a_file_of_a_restricted_publication_is_not_served(
    publications: tuple[str, ...], site: Site
) -> None:
    """A file is served only if all its publications are open."""
    response = site.get(site.add(publications=publications))
    assert response.status_code == 404
    assert "This page does not exist." in response.text


def test_a_catalogue_serves_no_files_by_default(make_site: Callable[..., Site]) -> None:
    site = make_site(CATALOGUE.replace('files = "serve"\n', ""))
    assert site.get(site.add()).status_code == 404


def test_files_are_below_the_prefix(make_site: Callable[..., Site]) -> None:
    site = make_site(prefix="/library")
    url = site.add()
    assert site.get(f"/library{url}").data == DATA
    assert site.get(f"/library/fr{url}").data == DATA
    assert site.get(url).status_code == 404


def test_a_file_of_the_corpus_is_served(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "catalogue.toml").write_text(CATALOGUE, "utf-8")
    (corpus / "records.jsonl").write_text(RECORDS, "utf-8")
    for name in ("open", "closed", "other"):
        (corpus / f"{name}.txt").write_text(f"The text of {name}. " * 30, "utf-8")
    client = open_corpus(corpus)
    statuses = {}
    for name in ("open", "closed", "other"):
        digest = sha256((corpus / f"{name}.txt").read_bytes()).hexdigest()
        statuses[name] = client.get(f"/file/{digest}/{name}.txt", buffered=True).status_code
    assert statuses == {"open": 200, "closed": 404, "other": 404}


def test_names_of_files_are_for_programs(site: Site) -> None:
    assert b"report.pdf" not in site.get("/publication/open").data
    record = site.get("/api/publication/open").json
    assert record
    assert record["file"] == ["a/report.pdf"]
    assert "a/report.pdf" in site.get("/export/csv").text


def test_a_full_text_is_no_value(site: Site) -> None:
    record = site.get("/api/publication/open").json
    assert record
    assert "fulltext" not in record
    assert "fulltext" not in site.get("/export/csv").text.splitlines()[0]
    assert "fulltext" not in site.get("/export/jsonl").text
    document = site.get("/api/openapi.json").json
    assert document
    assert "fulltext" not in document["components"]["schemas"]["Publication"]["properties"]
