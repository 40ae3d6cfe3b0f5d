"""The registry selects the reader of a file, also a reader of another package."""

import gzip
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from indexer.jobs import build
from indexer.readers import registry
from indexer.readers.base import NAME_ONLY
from indexer.readers.formats import html, jsonl, pdf
from indexer.readers.registry import ReaderError
from search_app.cli import commands

TABLE = '''
"""Tables: a title and a section in each line, with a tab between them."""

from indexer.catalogue.records import SourceRecord, Problem, Property, SourceLocation
from indexer.readers.base import Evidence

NAME, SUFFIXES, FIELDS = "table", (".tab",), {{}}

def detect(filename, head):
    return Evidence({score}, "it begins with TABLE") if head.startswith(b"TABLE\\n") else None

def read(stream, file, limits):
    next(stream)
    for number, line in enumerate(stream, start=2):
        title, tab, section = line.rstrip().decode().partition("\\t")
        if tab:
            properties = Property("title", title), Property("section", section)
            yield SourceRecord(SourceLocation(file, number), properties)
        else:
            yield Problem(file, number, "the line has no tab", "Write one")
'''
LINES = b"TABLE\nAtlas\tTools\nno tab\nBorders\tPapers\n"

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    folder = tmp_path / "site-packages"
    modules = set(sys.modules)

    def install(module: str, code: str, name: str = "table", attribute: str = "") -> None:
        info = folder / f"{module}-1.0.dist-info"
        info.mkdir(parents=True)
        (folder / f"{module}.py").write_text(code, encoding="utf-8")
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        points = f"[{registry.GROUP}]\n{name} = {module}{attribute}\n"
        (info / "entry_points.txt").write_text(points, encoding="utf-8")
        monkeypatch.syspath_prepend(folder)
        registry.load_readers.cache_clear()

    yield install
    registry.load_readers.cache_clear()
    for name in set(sys.modules) - modules:
        if getattr(sys.modules[name], "__file__", None) == str(folder / f"{name}.py"):
            del sys.modules[name]


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def chosen(path: Path) -> object:
    match = registry.detect(path)
    return match and match.reader


@pytest.mark.parametrize(
    ("name", "reader"),
    [("a.html", html), ("A.HTM", html), ("a.jsonl", jsonl), ("a.jsonl.gz", jsonl),
     ("a.JSONL.XZ", jsonl), ("a.html.gz", html), ("a.gz", None), ("a.docx", None),
     ("html", None), ("a.html.zip", None)],
)  # fmt: skip
def test_a_suffix_is_evidence(name: str, reader: object) -> None:
    """The suffix of a file selects a reader, in any case, even if the file is missing."""
    assert chosen(Path(name)) is reader


def test_no_reader_is_asked_after_one_that_is_certain(tmp_path: Path, install: Install) -> None:
    code = TABLE.format(score=100).replace(
        "    return Evidence", "    raise ValueError(head)\n    return Evidence"
    )
    install("table_reader", code)
    assert chosen(write(tmp_path / "a.pdf", b"%PDF-1.7\n\xe2\xe3")) is pdf
    with pytest.raises(ValueError, match="TABLE"):
        registry.detect(write(tmp_path / "a.tab", LINES))


def test_another_package_adds_a_format(install: Install, corpus: Path, tmp_path: Path) -> None:
    write(corpus / "list", LINES)
    write(corpus / "packed.data.gz", gzip.compress(LINES.replace(b"Atlas", b"Orbit")))
    assert build.build(corpus, tmp_path / "before").generation.manifest.publications == 5
    install("pubsearch_table", TABLE.format(score=90))
    first = build.build(corpus, tmp_path / "index")
    assert [(each.file, each.line) for each in first.problems] == [
        ("list", 3), ("packed.data.gz", 3), ("packed.data.gz", 4),
    ]  # fmt: skip
    assert first.generation.manifest.publications == 8
    write(corpus / "list", LINES + b"Cities\tTools\n")
    second = build.build(corpus, tmp_path / "index")
    assert (second.changes.added, second.changes.removed) == (1, 0)
    assert "\ntable " in CliRunner().invoke(commands.commands, ["formats"]).output


def test_the_best_evidence_decides(install: Install, tmp_path: Path) -> None:
    table, tied = write(tmp_path / "a.html", LINES), write(tmp_path / "list", LINES)
    install("pubsearch_tied", TABLE.format(score=NAME_ONLY), name="b")
    assert chosen(table) is html
    install("pubsearch_late", TABLE.format(score=50), name="d")
    install("pubsearch_table", TABLE.format(score=50), name="c")
    match = registry.detect(table)
    assert match
    assert match.reader is chosen(tied) is sys.modules["pubsearch_table"]
    assert match.evidence.reason == "it begins with TABLE"
    assert chosen(write(tmp_path / "b.html", b"Tools\t3\n")) is html


@pytest.mark.parametrize(
    ("code", "attribute", "fault"),
    [
        ("import nothing_of_this_name", "", "ModuleNotFoundError: No module named 'nothing_of"),
        ("SUFFIXES = 1 / 0", "", "ZeroDivisionError: division by zero"),
        ("", ":reader", "AttributeError: module 'broken' has no attribute 'reader'"),
        ("SUFFIXES = ()", "", "it lacks a member of indexer.readers.base.Reader"),
        (f"class Table:\n{TABLE.replace(chr(10), chr(10) + '  ')}".format(score=50), ":Table",
         "it lacks a member of indexer.readers.base.Reader"),
    ],
    ids=["missing module", "error", "missing object", "no reader", "class"],
)  # fmt: skip
def test_an_unusable_reader_is_an_error(
    code: str, attribute: str, fault: str, install: Install, corpus: Path, tmp_path: Path
) -> None:
    """An unusable reader stops the build, so that no publication is removed by mistake."""
    install("broken", code, attribute=attribute)
    with pytest.raises(ReaderError) as error:
        build.build(corpus, tmp_path / "index")
    assert str(error.value).startswith(
        f"the reader 'table' of the package broken can't be used: {fault}"
    )
    assert str(error.value).endswith(". Update or uninstall that package")
