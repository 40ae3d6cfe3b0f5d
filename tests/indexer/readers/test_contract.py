"""The contract of all readers, checked with damaged, hostile, and well-formed files."""

import gzip
import io
import lzma
from collections.abc import Callable, Iterator
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Problem, SourceRecord
from indexer.readers import registry
from tests.cpu_time import limit_cpu_time
from tests.indexer.readers.marc import samples as marc
from tests.indexer.readers.reading import find_reader, read_records
from tests.robustness.format_samples import SAMPLES
from tests.tiers import examples

BINARY = {"marc", "unimarc", "xlsx"}
TEXTS = sorted(SAMPLES.keys() - BINARY - {"pdf"})
"""The formats of text. A PDF is read as a file, not as a stream."""
ALL = sorted(SAMPLES.keys() - {"pdf"})
PIECES = (
    b"{", b"}", b'"', b"'", b"<", b">", b"&", b";", b",", b"\t", b"\n", b"\r", b"\0", b"\xff",
    b"\xc3", b"\x1d", b"\x1e", b"\x1f", b"[", b"]", b":", b"  - ", b"\\", b"$", b"%", b"@", b"#",
    b"---\n", b"<!--", b"<![CDATA[", b"&#xD800;", b"\\ud800", b"null", b"-1", b"1e999",
    b"9" * 5000, b"&#" + b"9" * 5000 + b";", b"\xe2\x80\xae", b"\xed\xa0\x80", b"\x1b[2J",
    b" and ", b"<a>" * 200, b"[" * 200, b"\xcc\x81" * 50,
)  # fmt: skip

MODS = b"<mods><titleInfo><title>Title</title></titleInfo></mods>"
REPEATED: dict[str, tuple[bytes, bytes, bytes]] = {
    "ris": (b"", b"TY  - JOUR\nTI  - Title\nER  - \n", b""),
    "nbib": (b"", b"PMID- 1\nTI  - Title\n\n", b""),
    "jsonl": (b"", b'{"title": "Title"}\n', b""),
    "json": (b"[", b'{"title": "Title"},\n', b"{}]"),
    "delimited": (b"Title,Year\n", b"Title,1999\n", b""),
    "marc": (b"", marc.make_binary(marc.RIVERS), b""),
    "marcxml": (b"<collection>", marc.make_xml(marc.RIVERS).encode(), b"</collection>"),
    "mods": (b'<modsCollection xmlns="http://www.loc.gov/mods/v3">', MODS, b"</modsCollection>"),
    "mrk": (b"", marc.make_mrk(marc.RIVERS).encode() + b"\n\n", b""),
}
"""Formats that are read record by record: the start of a file, a record, and the end."""


def check(name: str, data: bytes, block: int = 1 << 20, limits: Limits = LIMITS) -> list[object]:
    """Return the records and problems of a file, which say where they are and what to do."""
    found = read_records(data, name, limits, block)
    for problem in found.problems:
        assert (problem.file, problem.line >= 0) == ("export", True)
        assert problem.what
        assert problem.hint[-1] not in ".:"
    for record in found.records:
        assert (record.source.file, record.line >= 0) == ("export", True)
        assert record.properties
    return [*found]


@st.composite
def damaged(draw: st.DrawFn, data: bytes) -> bytes:
    """Return a file that is cut, in UTF-16, changed in a few places, or of another format."""
    if draw(st.booleans()):
        return data[: draw(st.integers(0, len(data)))]
    kind = draw(st.integers(0, 4))
    if kind == 0:
        return data.decode("latin-1").encode("utf-16")[: draw(st.sampled_from((None, -1)))]
    if kind == 1:
        return (
            SAMPLES[draw(st.sampled_from(TEXTS))][1] if draw(st.booleans()) else draw(st.binary())
        )
    changed = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(changed)))
        new = draw(st.sampled_from(PIECES) | st.binary(max_size=6))
        changed[at : at + draw(st.integers(0, 20))] = new
    return bytes(changed)


@pytest.mark.parametrize("name", ALL)
@given(draw=st.data(), block=st.integers(1, 300))
@examples(8)
def test_any_bytes_are_read_alike_in_blocks_of_any_size(
    name: str, draw: st.DataObject, block: int
) -> None:
    ending, sample = SAMPLES[name]
    data = draw.draw(damaged(sample))
    find_reader(name).detect(f"export{ending}", data)
    assert check(name, data, block) == check(name, data)


@pytest.mark.parametrize("name", ALL)
def test_an_empty_file_has_no_records(name: str) -> None:
    for data in (b"", b"\n"):
        records, _ = check(name, data)
        assert records == []


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("newline", [b"\r\n", b"\r"], ids=["CRLF", "CR"])
def test_line_breaks_of_any_system_give_the_same_records(name: str, newline: bytes) -> None:
    data = SAMPLES[name][1]
    records, problems = read_records(data.replace(b"\n", newline), name)
    expected = read_records(data, name)
    values = [
        [
            [(each.name, " ".join(each.value.split())) for each in record.properties]
            for record in found
        ]
        for found in (records, expected.records)
    ]
    assert values[0] == values[1]
    assert len(problems) == len(expected.problems)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "windows-1252"])
def test_text_in_another_encoding_is_read_or_reported(name: str, encoding: str) -> None:
    text = SAMPLES[name][1].decode()
    records, problems = check(name, text.encode(encoding, "replace"))
    assert records == read_records(text, name).records or problems


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    ("ending", "pack"), [(".gz", gzip.compress), (".XZ", lzma.compress)], ids=["gzip", "xz"]
)
def test_a_compressed_file_has_the_same_records(
    name: str, ending: str, pack: Callable[[bytes], bytes]
) -> None:
    data, reader = SAMPLES[name][1], find_reader(name)
    plain = list(registry.read(io.BytesIO(data), "a", reader, LIMITS))
    packed = list(registry.read(io.BytesIO(pack(data)), f"a{ending}", reader, LIMITS))
    assert [str(each).replace(ending, "") for each in packed] == [*map(str, plain)]


class Endless(io.BufferedIOBase):
    """A stream of a large file, which counts the bytes that were read."""

    def __init__(self, start: bytes, record: bytes) -> None:
        self._blocks, self._start = record * (4096 // len(record) + 1), start
        self.count = 0

    def read1(self, size: int | None = -1, /) -> bytes:
        block = self._start + self._blocks
        self._start = b""
        self.count += len(block)
        return block

    read = read1

    def readable(self) -> bool:
        return True


@pytest.mark.parametrize("name", REPEATED)
def test_a_large_file_is_read_record_by_record(name: str) -> None:
    """The first 1,000 records are yielded before 4 MB of the file were read."""
    start, record, _ = REPEATED[name]
    stream = Endless(start, record)
    pieces = registry.read(stream, "a", find_reader(name), LIMITS)
    found = [*islice(pieces, 1000)]
    assert all(isinstance(each, SourceRecord) for each in found)
    assert stream.count < 4_000_000


def cut(name: str, pack: Callable[[bytes], bytes], ending: str) -> Iterator[SourceRecord | Problem]:
    start, record, end = REPEATED[name]
    numbered = [record.replace(b"Title", b"Title %d" % (n * n)) for n in range(20_000)]
    data = pack(start + b"".join(numbered) + end)
    return registry.read(
        io.BytesIO(data[: len(data) // 2]), f"a{ending}", find_reader(name), LIMITS
    )


@pytest.mark.parametrize("name", sorted(REPEATED.keys() - {"marc", "marcxml", "mrk"}))
@pytest.mark.parametrize(
    ("ending", "pack"), [(".gz", gzip.compress), (".xz", lzma.compress)], ids=["gzip", "xz"]
)
def test_records_before_damage_are_kept(
    name: str, ending: str, pack: Callable[[bytes], bytes]
) -> None:
    *records, problem = cut(name, pack, ending)
    assert isinstance(problem, Problem)
    assert "can't be read beyond line" in problem.what
    titles = [record.properties[-1].value for record in records if isinstance(record, SourceRecord)]
    assert len(titles) > 2000


@pytest.mark.parametrize("name", REPEATED)
def test_records_over_the_limit_are_reported(name: str) -> None:
    """A file with too many records is read up to the limit, and the rest is reported."""
    start, record, end = REPEATED[name]
    limits = Limits(most_entries=5)
    *records, problem = registry.read(
        io.BytesIO(start + record * 9 + end), "a", find_reader(name), limits
    )
    assert [isinstance(each, SourceRecord) for each in records] == [True] * 5
    assert isinstance(problem, Problem)
    assert "PUBSEARCH_MOST_ENTRIES" in problem.hint


SHORT = {
    "delimited": b",\n", "json": b"{},", "jsonl": b" \n", "mrk": b"\r\n", "nbib": b"x\n",
    "ris": b"\n",
}  # fmt: skip
"""By format, a line or a record without content."""


@pytest.mark.parametrize("name", SHORT)
def test_blank_lines_count_as_lines(name: str) -> None:
    start, record, _ = REPEATED[name]
    stream = Endless(start + record * 2, SHORT[name])
    limits = Limits(most_entries=20_000)
    *records, problem = registry.read(stream, "a", find_reader(name), limits)
    assert {type(each) for each in records} == {SourceRecord}
    assert isinstance(problem, Problem)
    assert "more than 1000 blank or short lines" in problem.what
    assert "PUBSEARCH_MOST_ENTRIES" in problem.hint


@pytest.mark.parametrize(
    ("name", "start", "part", "end"),
    [
        ("xml", "<list><r><title>x</title>", "<a{n}>x</a{n}>", "</r><r t='y'/></list>"),
        ("xml", '<list><r><title>x</title></r><r t="x"', ' a{n}="x"', "/></list>"),
        ("json", '[{{"title": "x"', ', "k{n}": "x"', '}}, {{"title": "y"}}]'),
        ("json", "- title: x\n", "  k{n}: x\n", "- title: y\n"),
        ("jsonl", "", '{{"title": "x", "k{n}": "x"}}\n', ""),
        ("key-value", "Title: x\n", "Key{n}: x\n", ""),
        ("bibtex", "@book{{a, title = {{x}}", ", f{n} = {{x}}", "}}"),
        ("front-matter", "---\ntitle: x\n", "k{n}: x\n", "---\n"),
        ("mrk", "=LDR  00000nam a2200000 a 4500\n", "={n}  10$aTitle\n", ""),
    ],
)  # fmt: skip
def test_columns_of_a_file_are_limited(name: str, start: str, part: str, end: str) -> None:
    middle = "".join(part.format(n=n) for n in range(100, 500))
    data = start.format() + middle + end.format()
    found = [*registry.read(io.BytesIO(data.encode()), "a", find_reader(name),
                            Limits(most_columns=200))]  # fmt: skip
    records = [each for each in found if isinstance(each, SourceRecord)]
    assert len({prop.name for record in records for prop in record.properties}) == 200
    [problem] = (each for each in found if isinstance(each, Problem))
    assert problem.what == "the file has more than 200 columns"
    assert "PUBSEARCH_MOST_COLUMNS" in problem.hint


HOSTILE = {
    "bibtex": (
        "@misc{a, title = " + "{" * 50_000,
        "@misc{a, " + "\n x = {" * 20_000,
        '@misc{a, title = "' + '{"' * 20_000,
        *("@misc{a, title = {" + text * 20_000 + "}}" for text in ("\\a\\", "$x^")),
        "@misc{a, x" + " " * 60_000 + "y = {" + " " * 60_000 + "and" + " " * 60_000 + "}}",
        "@misc{a, crossref" + "\n" * 60_000 + "= " + "\n" * 60_000 + "{}}",
        "@misc{a, author = {" + "{a} and " * 20_000 + "}}",
        "@misc{a" + " " * 60_000 + "b}",
        "@" * 60_000,
        "@string{m0 = {salt}}"
        + "".join(f"@string{{m{n + 1} = m{n} # m{n}}}" for n in range(60))
        + "@misc{a, title = m60}",
        "@string{m = {" + "salt" * 9_000 + "}}@misc{a, title = " + "m # " * 30_000 + " m}",
    ),
    "nbib wos enw ovid key-value": (
        "<1" + " " * 180_000,
        "\n" * 180_000,
        "Key" + " " * 180_000 + "x",
        "PT J\nAU " * 27_000,
        "[ [" * 60_000,
    ),
}
"""Deep nesting, long runs of one character, cut tags, and macros of macros, by formats."""


@pytest.mark.parametrize(
    ("name", "text"),
    [(name, text) for names, texts in HOSTILE.items() for name in names.split() for text in texts],
    ids=lambda each: each[:12],
)
@pytest.mark.slow
def test_hostile_text_is_read_within_seconds(name: str, text: str) -> None:
    """A hostile text is recognized and read within 20 s, as a record at most."""
    with limit_cpu_time(20):
        find_reader(name).detect("a", text.encode())
        assert len(read_records(text, name).records) <= 1
