"""Static files: their URLs have digests, so that pages and caches never mix two versions."""

import re
from hashlib import sha256
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from search_app.web import files

NAMES = sorted(file.name for file in files.FOLDER.iterdir())
UNKNOWN = "0123456789abcdef"


def named_by_pages(client: FlaskClient) -> dict[str, str]:
    found = re.findall(r'"(/static/[^"]+)"', client.get("/").text)
    return {url.rsplit("/", 1)[1]: url for url in found}


def test_pages_name_every_file_by_its_digest(client: FlaskClient) -> None:
    """A page names each static file at a URL with its digest, which caches keep for a year."""
    named = named_by_pages(client)
    assert sorted(named) == NAMES
    for name, url in named.items():
        body = (files.FOLDER / name).read_bytes()
        assert url == f"/static/{sha256(body).hexdigest()[:16]}/{name}"
        answer = client.get(url)
        assert answer.data == body
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        tag = answer.headers["ETag"]
        assert client.get(url, headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("start", ["/static", f"/static/{UNKNOWN}"])
def test_no_cache_keeps_a_file_under_another_url(client: FlaskClient, start: str) -> None:
    """Without a digest, or with an unknown one, the current file is sent, and must be revalidated.

    Another server may already run the version whose page names that digest.
    """
    answer = client.get(f"{start}/style.css")
    assert answer.data == (files.FOLDER / "style.css").read_bytes()
    assert answer.headers["Cache-Control"] == "no-cache"


def test_files_of_a_previous_version_are_served(
    client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "FORMER", tmp_path)
    (tmp_path / UNKNOWN).mkdir()
    for name in ("style.css", "removed.js"):
        (tmp_path / UNKNOWN / name).write_text("former", encoding="utf-8")
        answer = client.get(f"/static/{UNKNOWN}/{name}")
        assert answer.text == "former"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        answer.close()
    assert client.get("/static/removed.js").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["x/style.css", f"{UNKNOWN}/x/style.css", f"{UNKNOWN}/..", f"{UNKNOWN}/../../setup.cfg",
     f"{UNKNOWN}/{'a' * 300}", f"{UNKNOWN}/%00", f"{UNKNOWN}/", UNKNOWN, "/style.css"],
)  # fmt: skip
def test_other_paths_are_not_found(client: FlaskClient, path: str) -> None:
    """Any path but NAME and DIGEST/NAME is a 404."""
    assert client.get(f"/static/{path}").status_code == 404
