"""A web page is read in its encoding, and what can't be read of it is reported."""

from __future__ import annotations

import pytest

from indexer.catalogue.limits import LIMITS, Limits
from indexer.readers.text.web_page import read_page
from tests.indexer.readers.reading import choose
from tests.robustness.format_samples import SAMPLES


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", ""), ("utf-8", "latin-1"), ("utf-8-sig", ""), ("utf-16", "utf-16"),
        ("cp1252", ""), ("cp1252", "utf-8"), ("cp1252", "none such"), ("iso-8859-2", "iso-8859-2"),
    ],
)  # fmt: skip
def test_a_page_is_read_in_its_encoding(encoding: str, declared: str) -> None:
    """A page is UTF-8, UTF-16 with a mark, as declared, or Windows-1252."""
    page = f'<!doctype html><meta charset="{declared}">\n<p>Käse</p>'
    root, problems = read_page(page.encode(encoding), "a.html", LIMITS)
    assert ("".join(root.itertext()).strip(), problems) == ("Käse", [])


@pytest.mark.parametrize("name", ["html-list", "html-metadata"])
def test_a_page_in_utf_16_is_recognized(name: str) -> None:
    """A page in UTF-16 has zeros between the letters of its tags."""
    reader = choose(SAMPLES[name][1].decode().encode("utf-16"), "a.html")
    assert reader
    assert name == reader.NAME


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_the_start_of_a_page_is_read(encoding: str) -> None:
    """The last character of the start of a page may be cut."""
    data = "\ufeff<p>Käse – é".encode(encoding)
    root, problems = read_page(data[:-1], "a.html", LIMITS)
    assert ("".join(root.itertext()), problems) == ("Käse – ", [])


@pytest.mark.parametrize(
    ("data", "line", "what"),
    [
        ("<p>Größe für Käse\n".encode() + b"\xff", 2, "byte 0xff is not UTF-8"),
        (b"<p>a\n<b>b\n" + b"<i>" * 300, 3, "nested too deep"),
        (b"<p>a" * 50, 0, "more than 40 tags"),
        (b"<p " + b"".join(b"a%d " % n for n in range(1001)) + b">", 0, "1000 attributes"),
    ],
    ids=["byte", "depth", "tags", "attributes"],
)
def test_faults_of_a_page_are_reported(data: bytes, line: int, what: str) -> None:
    """A page with bad bytes or too many tags has a problem, and keeps what precedes it."""
    limits = LIMITS if line or b"a0" in data else Limits(most_parts=40)
    root, [problem] = read_page(data, "a.html", limits)
    assert (problem.file, problem.line, what in problem.what) == ("a.html", line, True)
    assert (root.find(".//p") is not None) == (line > 0)
