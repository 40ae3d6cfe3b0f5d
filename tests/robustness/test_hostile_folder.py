"""Special files in a corpus folder are reported, and the build never waits for them."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from indexer.catalogue import catalogue_toml, safe_files, thesaurus
from indexer.catalogue.catalogue_toml import CatalogueError
from indexer.catalogue.limits import LIMITS
from indexer.catalogue.records import Problem
from indexer.ingest import corpus as ingest_corpus
from indexer.jobs import build, pages
from indexer.jobs.import_files import ImportRejected
from tests.cpu_time import limit_cpu_time
from tests.robustness.test_hostile_corpus import GOOD, check, ids
from tests.samples import article, page

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="makes pipes, sockets and links")

OUT = "it is a link out of the corpus folder"
SECRET = page([article("Secret")])


def _outside(folder: Path) -> Path:
    (folder.parent / "outside").mkdir()
    file = folder.parent / "outside" / "secret.html"
    file.write_text(SECRET, encoding="utf-8")
    return file


def _link_out(path: Path) -> None:
    path.symlink_to(_outside(path.parent))


def _relative_link_out(path: Path) -> None:
    _outside(path.parent)
    path.symlink_to("../outside/secret.html")


def _link_by_a_link(path: Path) -> None:
    (path.parent / ".hidden").symlink_to(_outside(path.parent).parent)
    path.symlink_to(".hidden/secret.html")


def _link_to_a_folder_outside(path: Path) -> None:
    path.symlink_to(_outside(path.parent).parent)


def _socket(path: Path) -> None:
    # The path of a socket is limited to about 100 characters, so bind it by its short name.
    before = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(before)


ODD: dict[str, tuple[Callable[[Path], None], str]] = {
    "a link that leads out": (_link_out, OUT),
    "a relative link that leads out": (_relative_link_out, OUT),
    "a link that leads out by another": (_link_by_a_link, OUT),
    "a link to a folder outside": (_link_to_a_folder_outside, OUT),
    "a link to a device": (lambda path: path.symlink_to("/dev/zero"), OUT),
    "a link to itself": (lambda path: path.symlink_to(path.name), "can't be read"),
    "a link to the corpus": (lambda path: path.symlink_to("."), "a link to a folder"),
    "a link to a name that is too long": (
        lambda path: path.symlink_to("x" * 300), "can't be read",
    ),
    "a pipe": (os.mkfifo, "it is a special file"),
    "a socket": (_socket, "it is a special file"),
}  # fmt: skip


@pytest.mark.parametrize(("make", "told"), ODD.values(), ids=ODD)
def test_special_files_are_reported(
    make: Callable[[Path], None], told: str, corpus: Path, tmp_path: Path
) -> None:
    make(corpus / "x.html")
    outcome = build.build(corpus, tmp_path / "index")
    check(outcome, "x.html", told)
    assert ids(outcome) == GOOD


def test_a_link_within_the_corpus_is_read(corpus: Path, tmp_path: Path) -> None:
    """A link to a file of the corpus is read, and the corpus folder itself may be a link."""
    (corpus / "notes").mkdir()
    (corpus / "notes" / "x.html").write_text(page([article("Linked")]), encoding="utf-8")
    (corpus / ".aside").mkdir()
    (corpus / "notes" / "x.html").rename(corpus / ".aside" / "x.html")
    (corpus / "x.html").symlink_to(".aside/x.html")
    (tmp_path / "link").symlink_to(corpus)
    outcome = build.build(tmp_path / "link", tmp_path / "index")
    assert outcome.problems == []
    assert ids(outcome) == GOOD | {"linked"}


@pytest.mark.parametrize(
    "name",
    ["a\nb.html", "\x1b[2J.html", "\u202elmth.x.html", os.fsdecode(b"\xff\xfe.html"), "a\x07.html"],
    ids=["a new line", "an escape", "a turn", "bytes that are no text", "a bell"],
)
def test_an_odd_file_name_is_reported_in_one_line(name: str, corpus: Path, tmp_path: Path) -> None:
    try:
        (corpus / name).write_text("<p>", encoding="utf-8")
    except OSError as error:
        pytest.skip(f"this file system takes no such name: {error}")
    [problem] = build.build(corpus, tmp_path / "index").problems
    assert "\ufffd" in problem.file
    assert str(problem).isprintable()


def test_too_deep_folders_are_reported_once(corpus: Path, tmp_path: Path) -> None:
    """Folders are read down to a maximum depth, and deeper ones are reported once."""
    place = corpus
    for _ in range(LIMITS.deepest + 5):
        place = place / "d"
    place.mkdir(parents=True)
    (place / "x.html").write_text(SECRET, encoding="utf-8")
    outcome = build.build(corpus, tmp_path / "index")
    assert [each.what for each in outcome.problems] == ["it is nested more than 100 folders deep"]
    assert ids(outcome) == GOOD


def test_a_vanished_file_is_reported(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = corpus / "x.html"
    listed = safe_files.list_files
    monkeypatch.setattr(safe_files, "list_files", lambda *given: [*listed(*given), gone])
    outcome = build.build(corpus, tmp_path / "index")
    check(outcome, "x.html", "No such file")


def test_a_file_that_grows_is_read_to_its_limit(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing = corpus / "x.html"
    growing.write_text("<article>", encoding="utf-8")
    opened = safe_files.open_file

    def growing_opened(path: Path) -> object:
        if path == growing:
            path.write_bytes(b"x" * (LIMITS.largest_file + 1))
        return opened(path)

    monkeypatch.setattr(safe_files, "open_file", growing_opened)
    check(build.build(corpus, tmp_path / "index"), "x.html", "more than 10000000 bytes")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads anything")
def test_an_unreadable_file_is_reported(corpus: Path, tmp_path: Path) -> None:
    (corpus / "x.html").write_text(SECRET, encoding="utf-8")
    (corpus / "x.html").chmod(0)
    check(build.build(corpus, tmp_path / "index"), "x.html", "Permission denied")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads anything")
def test_a_folder_that_can_only_be_listed_is_reported(corpus: Path, tmp_path: Path) -> None:
    (corpus / "listed").mkdir()
    (corpus / "listed" / "x.html").write_text(SECRET, encoding="utf-8")
    (corpus / "listed").chmod(0o444)
    check(build.build(corpus, tmp_path / "index"), "listed/x.html", "Permission denied")


TOMLS: dict[str, tuple[bytes | None, str]] = {
    "lists a hundred thousand deep": (b"a = " + b"[" * 100_000, "nested too deep"),
    "tables a hundred thousand deep": (b"a = " + b"{a=" * 100_000, "nested too deep"),
    "a key of a million parts": (b"a." * 1_000_000 + b"a = 1", "more than 20 parts"),
    "a quoted key of a million parts": (b'"a" . ' * 600_000 + b"a = 1", "more than 20 parts"),
    "a heading of a million parts": (b"[" + b"a." * 1_000_000 + b"a]", "more than 20 parts"),
    "a million keys": (b"".join(b"%x=[]\n" % n for n in range(400_000)), "than 250000 parts"),
    "a number of a million digits": (b"a = " + b"1" * 1_000_000, "more than 1000 characters"),
    "other bytes than UTF-8": (b'title = "\xff"', "codec can't decode"),
    "a file that is too large": (b"#" * 5_000_000, "more than 4000000 bytes"),
    "NUL bytes": (bytes(1_000_000), "more than 1000 characters"),
    "a pipe": (None, "it is not a regular file"),
}  # fmt: skip
FILES: dict[str, Callable[[Path], object]] = {
    "catalogue.toml": catalogue_toml.load, "regions.toml": catalogue_toml.load,
    "thesaurus.toml": thesaurus.load,
}  # fmt: skip


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(("data", "told"), TOMLS.values(), ids=TOMLS)
def test_hostile_toml_is_reported_in_one_line(
    file: str, data: bytes | None, told: str, corpus: Path
) -> None:
    (corpus / file).unlink(missing_ok=True)
    if data is None:
        os.mkfifo(corpus / file)
    else:
        (corpus / file).write_bytes(data)
    with pytest.raises(CatalogueError) as caught:
        FILES[file](corpus)
    assert told in str(caught.value)
    assert str(caught.value).startswith(f"{corpus / file}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("file", FILES)
def test_toml_outside_the_corpus_is_refused(file: str, corpus: Path) -> None:
    elsewhere = corpus.parent / file
    elsewhere.write_text("", encoding="utf-8")
    (corpus / file).unlink(missing_ok=True)
    (corpus / file).symlink_to(elsewhere)
    with pytest.raises(CatalogueError, match=OUT):
        FILES[file](corpus)


@pytest.mark.parametrize("grouping", ["../regions.toml", "/etc/passwd", "a/../../b.toml"])
def test_a_grouping_is_a_file_of_the_corpus(grouping: str, corpus: Path) -> None:
    rows = (corpus / "catalogue.toml").read_text(encoding="utf-8")
    (corpus / "catalogue.toml").write_text(
        rows.replace('"regions.toml"', f'"{grouping}"'), encoding="utf-8"
    )
    with pytest.raises(CatalogueError, match="Name a file in the folder of"):
        catalogue_toml.load(corpus)


def test_a_long_chain_of_concepts_is_read_in_linear_time(corpus: Path) -> None:
    """A chain of 20,000 narrower concepts is read in linear time."""
    chain = "\n".join(
        f'[[concept]]\nid = "{n}"\nprefLabel.en = "a{n}"\nbroader = ["{n + 1}"]'
        for n in range(20_000)
    )
    last = '\n[[concept]]\nid = "20000"\nprefLabel.en = "last"\n'
    (corpus / "thesaurus.toml").write_text(chain + last, encoding="utf-8")
    with limit_cpu_time(10):
        assert len(thesaurus.load(corpus).concept) == 20_001


def test_the_command_line_reports_hostile_toml_in_one_line(corpus: Path, tmp_path: Path) -> None:
    (corpus / "catalogue.toml").write_bytes(TOMLS["lists a hundred thousand deep"][0] or b"")
    done = subprocess.run(
        [Path(sys.executable).parent / "pubsearch", "build", "--corpus", corpus,
         "--index", tmp_path / "index"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "nested too deep" in done.stderr


@pytest.mark.parametrize("make", [os.mkfifo, _socket], ids=["a pipe", "a socket"])
def test_an_import_does_not_wait_for_a_pipe(
    make: Callable[[Path], None], corpus: Path, tmp_path: Path, problems: list[Problem]
) -> None:
    make(tmp_path / "x.jsonl")
    with pytest.raises(ImportRejected, match="contains no publication"):
        pages.write_pages(tmp_path / "x.jsonl", tmp_path / "new", corpus, problems.append)
    assert "can't be read" in problems[0].what


def test_an_import_applies_the_limits(
    corpus: Path, tmp_path: Path, problems: list[Problem]
) -> None:
    """An import reports a line that is too long and imports the other lines."""
    long = b'{"title": "' + b"x" * LIMITS.largest_line + b'"}\n'
    (tmp_path / "x.jsonl").write_bytes(b'{"title": "A"}\n' + long + b'{"title": "B"}\n')
    found = pages.write_pages(tmp_path / "x.jsonl", tmp_path / "new", corpus, problems.append)
    assert [each.title for each in found] == ["A", "B"]
    assert "the line has more than 1000000 bytes" in {each.what for each in problems}


def test_watching_handles_special_files(corpus: Path) -> None:
    """A folder with pipes, circular links, and deep folders is watched like any other."""
    os.mkfifo(corpus / "pipe.html")
    (corpus / "loop").symlink_to("loop")
    (corpus / "/".join("d" * (LIMITS.deepest + 5))).mkdir(parents=True)
    looks: Iterator[None] = ingest_corpus.watch(corpus, interval=0, sleep=lambda _: None)
    next(looks)
    (corpus / "new.html").write_text(SECRET, encoding="utf-8")
    next(looks)
