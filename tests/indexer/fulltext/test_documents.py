"""Files with full text: their type, title and language, the cache, and several at a time."""

import importlib.util
import os
import resource
import time
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from indexer.catalogue.limits import LIMITS, Limits
from indexer.fulltext import documents, pdf, text_files
from indexer.fulltext.documents import UNUSED_SECONDS, TextCache, extract, extract_all, is_document
from indexer.fulltext.text import ExtractionError, Fault, FullText
from tests.cpu_time import limit_cpu_time
from tests.indexer.fulltext.pdfs import make_pdf

GERMAN = "Die Mitgliedstaaten der Vereinten Nationen berichten jedes Jahr über das Wasser. " * 5


def write(folder: Path, name: str, data: bytes | str) -> tuple[Path, str]:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path, sha256(path.read_bytes()).hexdigest()


def extract_text(folder: Path, name: str, data: bytes | str, limits: Limits = LIMITS) -> FullText:
    return extract(*write(folder, name, data), limits, TextCache(folder / "cache"))


def test_plain_text_has_pages_if_it_has_form_feeds(tmp_path: Path) -> None:
    text = extract_text(tmp_path, "notes.txt", "one\ntwo\n\nthree\fnext page")
    assert (text.pages, text.has_pages) == (("one two\n\nthree", "next page"), True)
    text = extract_text(tmp_path, "notes.md", "one\r\ntwo")
    assert (text.pages, text.has_pages, text.media_type) == (("one two",), False, "text/plain")


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("a.pdf", make_pdf(["text"]), "application/pdf"),
        ("a.PDF", make_pdf(["text"]), "application/pdf"),
        ("a.html", "<p>text", "text/html"),
        ("a.xml", "<article><body>text</body></article>", "application/jats+xml"),
        ("a.tei", "<TEI><text>text</text></TEI>", "application/tei+xml"),
        ("a.txt", "text", "text/plain"),
        ("a PDF by another name.txt", make_pdf(["text"]), "application/pdf"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # a PDF states when it was made
)
def test_a_file_is_read_by_its_type(
    tmp_path: Path, name: str, data: bytes | str, media_type: str
) -> None:
    text = extract_text(tmp_path, name, data)
    assert (text.pages, text.media_type) == (("text",), media_type)
    assert text.digest == sha256((tmp_path / name).read_bytes()).hexdigest()
    assert is_document(tmp_path / name)


def test_the_name_of_a_file_is_the_last_guess_of_its_title(tmp_path: Path) -> None:
    data = make_pdf(["a text"])
    titles = {
        "annual-report_2019.pdf": "annual report 2019",
        "Water%20Policy.v2.pdf": "Water Policy v2",
        "--.pdf": "--.pdf",
    }
    for name, title in titles.items():
        text = extract_text(tmp_path, name, data)
        assert (text.title, text.is_title_guessed) == (title, True)
    text = extract_text(tmp_path, "x.html", "<title>A Page</title><p>text")
    assert (text.title, text.is_title_guessed) == ("A Page", False)


@pytest.mark.skipif(not importlib.util.find_spec("py3langid"), reason="needs the extra detection")
def test_the_language_is_detected(tmp_path: Path) -> None:
    assert extract_text(tmp_path, "a.txt", GERMAN).language == "de"
    assert extract_text(tmp_path, "b.txt", "Wasser").language is None


@pytest.mark.parametrize(
    ("name", "data", "limits", "reason"),
    [
        ("a.doc", "x", {}, "named .doc has no full text"),
        ("a.txt", " \n", {}, "has no text"),
        ("a.html", "", {}, "the file is empty"),
        ("a.pdf", "", {}, "the file is empty"),
        ("a.txt", "x" * 11, {"largest_document": 10}, "PUBSEARCH_LARGEST_DOCUMENT"),
        ("a.html", "x" * 11, {"largest_file": 10}, "PUBSEARCH_LARGEST_FILE"),
    ],
)
def test_a_file_without_text_is_an_error(
    tmp_path: Path, name: str, data: str, limits: dict[str, int], reason: str
) -> None:
    with pytest.raises(ExtractionError, match=reason):
        extract_text(tmp_path, name, data, msgspec.structs.replace(LIMITS, **limits))


def test_a_missing_file_and_a_pipe_are_errors(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    for name in ("pipe.txt", "missing.txt"):
        with pytest.raises(ExtractionError, match="can't be read"):
            extract(tmp_path / name, "digest", LIMITS, TextCache(tmp_path / "cache"))


def test_text_over_the_limits_is_left_out(tmp_path: Path) -> None:
    limits = msgspec.structs.replace(LIMITS, most_pages=3, longest_document=1000)
    text = extract_text(
        tmp_path, "a.txt", "\f".join((600 * "a", 600 * "b", "three", "four")), limits
    )
    assert text.pages == (600 * "a", 400 * "b")
    hints = " ".join(fault.hint for fault in text.faults)
    assert "PUBSEARCH_MOST_PAGES" in hints
    assert "PUBSEARCH_LONGEST_DOCUMENT" in hints


def test_a_known_file_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache answers for the digest, until a limit is changed."""
    first = extract_text(tmp_path, "a.txt", "some text")
    monkeypatch.setattr(documents, "_read", lambda *_: pytest.fail("it was read again"))
    assert extract_text(tmp_path, "a.txt", "some text") == first
    with pytest.raises(BaseException, match="read again"):
        extract_text(tmp_path, "a.txt", "some text", msgspec.structs.replace(LIMITS, most_pages=9))


def test_a_file_that_changes_while_it_is_read_has_no_text(tmp_path: Path) -> None:
    path, digest = write(tmp_path, "a.txt", "first text")
    path.write_text("other text", encoding="utf-8")
    cache = TextCache(tmp_path / "cache")
    with pytest.raises(ExtractionError, match="changed while it was read"):
        extract(path, digest, LIMITS, cache)
    path.write_text("first text", encoding="utf-8")
    assert extract(path, digest, LIMITS, cache).pages == ("first text",)


EMPTY = {"digest": "", "media_type": "text/html", "pages": ()}


@pytest.mark.parametrize(
    ("name", "output"),
    [
        ("a.html", msgspec.msgpack.encode(EMPTY)),
        ("a.html", msgspec.msgpack.encode({**EMPTY, "pages": 7})),
        ("a.html", msgspec.msgpack.encode(EMPTY).replace(b"text", b"\xff\xff\xff\xff")),
        ("a.pdf", b'{"error": "unknown"}\n'),
        ("a.pdf", b'{"pages": "many"}\n'),
        ("a.pdf", b'{"pages": 1}\n{"lines": 7}\n'),
        ("a.pdf", b'{"pages": 1, "title": "\xff"}\n'),
        ("a.pdf", b'{"pages": 1, "x": ' + b"[" * 100_000 + b"\n"),
    ],
    ids=range(8),
)
def test_unexpected_output_of_a_process_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, output: bytes
) -> None:
    program = tmp_path / "program.py"
    program.write_text(f"import os\ndef main(*_): os.write(1, {output!r})\n", encoding="utf-8")
    monkeypatch.setattr(text_files, "_PROGRAM", str(program))
    monkeypatch.setattr(pdf, "_PROGRAM", str(program))
    file = write(tmp_path, name, make_pdf(["x"]) if name == "a.pdf" else "x")
    [text] = extract_all([file], LIMITS, TextCache(tmp_path / "cache"))
    assert (text.digest, text.pages, len(text.faults)) == (file[1], (), 1)


def test_several_files_come_in_order(tmp_path: Path) -> None:
    names = [f"{number}.pdf" for number in range(9)]
    files = [write(tmp_path, name, make_pdf([name] * 2)) for name in names]
    files[4] = write(tmp_path, "broken.pdf", b"%PDF")
    texts = [*extract_all(files, LIMITS, TextCache(tmp_path / "cache"))]
    broken = texts.pop(4)
    assert (broken.digest, broken.media_type, broken.pages) == (files[4][1], pdf.MEDIA_TYPE, ())
    assert [fault.what for fault in broken.faults] == ["the PDF is damaged"]
    pages = [text.pages[0] for text in texts]
    assert pages == [name for name in names if name != "4.pdf"]


def test_files_are_not_read_far_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller that stops early has at most a few files read, so memory is bounded."""
    started: list[Path] = []

    def extract_one(file: Path, *_: object) -> FullText:
        started.append(file)
        return FullText(digest="", media_type="text/plain", pages=("text",))

    monkeypatch.setattr(documents, "extract", extract_one)
    files = ((tmp_path / f"{number}.txt", "") for number in range(100))
    texts = extract_all(files, LIMITS, TextCache(tmp_path))
    next(texts)
    texts.close()
    assert len(started) <= 5


TAG = f"<p {' '.join(f'a{number}=1' for number in range(100_000))}>text"
HOSTILE = {
    "form-feeds.txt": (b"text" + b"\f" * 20_000_000, "has 20000001 pages, more than 5000"),
    "line-feeds.txt": (b"text" + b"\n" * 9_000_000, "more than 5000000 characters"),
    "attributes.html": (TAG.encode(), "a tag of the page has more than 1000 attributes"),
    "attributes.xml": (f"<article><body>{TAG}".encode(), ""),
    "tags.html": (b"<b>" * 3_000_000, "the file has no text"),
    "entities.html": (b"&lt;" * 2_500_000, ""),
}
"""Files that are made to be expensive, and their faults."""


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_costs_little(tmp_path: Path, name: str) -> None:
    data, fault = HOSTILE[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    files = [write(tmp_path, name, data)]
    with limit_cpu_time(5):
        [text] = extract_all(files, LIMITS, TextCache(tmp_path / "cache"))
    assert fault in " ".join(each.what for each in text.faults)
    assert bool(text.faults) == bool(fault)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * 1024 < 150_000_000


def test_a_file_that_exceeds_the_limits_of_its_process_costs_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that needs too much memory or time is reported, and the next one is read."""
    files = [write(tmp_path, "a.html", "<p>a<b>" * 300_000), write(tmp_path, "b.html", "<p>b")]
    monkeypatch.setattr(text_files, "MAX_MEMORY_BYTES", 150_000_000)
    large, small = extract_all(files, LIMITS, TextCache(tmp_path / "cache"))
    assert "can't be read: it is damaged or needs too much memory" in large.faults[0].what
    assert small.pages == ("b",)


TEXT = FullText(
    digest="d",
    media_type="application/pdf",
    pages=("first", "", "third"),
    faults=(Fault("1 of 3 pages have no text", "Run OCR"),),
    title="A title",
    year=2019,
)


def test_a_text_comes_back_as_it_was(tmp_path: Path) -> None:
    cache = TextCache(tmp_path / "new" / "folder")
    assert cache.load("key") is None
    cache.store("key", TEXT)
    assert cache.load("key") == TEXT
    assert [path.name for path in (tmp_path / "new" / "folder").iterdir()] == ["key"]


def test_without_write_access_nothing_is_cached(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = TextCache(tmp_path / "file" / "texts")
    cache.store("key", TEXT)
    assert cache.load("key") is None


def test_a_damaged_file_is_not_used(tmp_path: Path) -> None:
    cache = TextCache(tmp_path)
    cache.store("key", TEXT)
    whole = (tmp_path / "key").read_bytes()
    for position in range(len(whole)):
        changed = bytes([whole[position] ^ 1])
        for data in (whole[:position], whole[:position] + changed + whole[position + 1 :]):
            (tmp_path / "key").write_bytes(data)
            assert cache.load("key") is None


def test_unused_texts_are_removed(tmp_path: Path) -> None:
    """A text that was not used for 90 days is removed, and one that was used is not."""
    cache = TextCache(tmp_path)
    for name in ("old", "used", "new", ".left"):
        cache.store(name, TEXT)
    long_ago = time.time() - UNUSED_SECONDS - 60
    for name in ("old", "used", ".left"):
        os.utime(tmp_path / name, (long_ago, long_ago))
    assert cache.load("used") == TEXT
    cache.remove_unused()
    assert {file.name for file in tmp_path.iterdir()} == {"used", "new"}


def test_removing_unused_texts_is_never_an_error(tmp_path: Path) -> None:
    TextCache(tmp_path / "missing").remove_unused()
    (tmp_path / "file").write_bytes(b"")
    TextCache(tmp_path / "file").remove_unused()
    (tmp_path / "texts" / "folder").mkdir(parents=True)
    os.utime(tmp_path / "texts" / "folder", (1, 1))
    TextCache(tmp_path / "texts").remove_unused()
    assert (tmp_path / "texts" / "folder").exists()
