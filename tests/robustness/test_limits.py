"""Data over a limit is omitted and reported, and no other data is lost."""

import gzip
import json
import lzma
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from indexer.catalogue.limits import LIMITS, Limits
from indexer.codec.segment.reader import Segment
from indexer.ingest.corpus import MAX_PROBLEMS
from indexer.jobs import build
from search_app import config
from tests.robustness.hostile import HOSTILE
from tests.robustness.test_hostile_corpus import GOOD, ids, segment

PACK: dict[str, Callable[[bytes], bytes]] = {
    ".jsonl": bytes, ".jsonl.gz": gzip.compress, ".jsonl.xz": lzma.compress,
}  # fmt: skip


def lines(*titles: str) -> bytes:
    return b"".join(
        json.dumps({"title": each, "section": "Tools"}).encode() + b"\n" for each in titles
    )


@pytest.mark.parametrize("ending", PACK)
def test_a_line_over_the_limit_is_skipped(ending: str, corpus: Path, tmp_path: Path) -> None:
    limit = 1_000
    longest = lines("x" * (limit - len(lines("")) + 1))
    data = lines("A") + b"y" * 5_000_000 + b"\n" + longest + lines("B", "C" * limit, "D")
    (corpus / f"x{ending}").write_bytes(PACK[ending](data))
    outcome = build.build(corpus, tmp_path / "index", limits=Limits(largest_line=limit))
    assert [each.line for each in outcome.problems] == [2, 5]
    assert {"a", "b", "d"} < ids(outcome)
    assert len(ids(outcome)) == len(GOOD) + 4


@pytest.mark.parametrize("ending", PACK)
def test_a_file_is_read_up_to_the_byte_limit(ending: str, corpus: Path, tmp_path: Path) -> None:
    data = lines("A", "B") + (b" " * 9 + b"\n") * 500_000 + lines("C")
    (corpus / f"x{ending}").write_bytes(PACK[ending](data))
    limits = Limits(largest_unpacked=5_000_000)
    outcome = build.build(corpus, tmp_path / "index", limits=limits)
    assert ids(outcome) == GOOD | {"a", "b"}
    [problem] = outcome.problems
    assert "the file has more than 5000000 bytes. The rest of it was not read" in problem.what
    assert "PUBSEARCH_LARGEST_UNPACKED" in problem.hint


def test_a_file_is_read_up_to_the_limit_on_records(corpus: Path, tmp_path: Path) -> None:
    (corpus / "x.jsonl").write_bytes(lines("A") + b"x\n" * 20 + lines("B"))
    outcome = build.build(corpus, tmp_path / "index", limits=Limits(most_entries=10))
    assert ids(outcome) == GOOD | {"a"}
    message = "the file has more than 10 records. The rest of it was not read"
    assert outcome.problems[-1].what == message


def test_a_corpus_is_read_up_to_the_entry_limit(corpus: Path, tmp_path: Path) -> None:
    (corpus / "x.jsonl").write_bytes(lines("A", "B", "C"))
    (corpus / "y.jsonl").write_bytes(lines("D"))
    outcome = build.build(corpus, tmp_path / "index", limits=Limits(most_entries=7))
    assert ids(outcome) == GOOD | {"a", "b"}
    assert [(each.file, each.line) for each in outcome.problems] == [("x.jsonl", 3), ("y.jsonl", 1)]
    assert "PUBSEARCH_MOST_ENTRIES" in outcome.problems[0].hint


def test_a_value_over_the_limit_is_skipped(corpus: Path, tmp_path: Path) -> None:
    record = {"title": "A", "section": "Tools", "country": ["IN", "x" * 200, "NP"], "note": "n"}
    (corpus / "x.jsonl").write_text(json.dumps(record), encoding="utf-8")
    outcome = build.build(corpus, tmp_path / "index", limits=Limits(longest_field=100))
    [problem] = outcome.problems
    assert problem.what == "Country: its values have 204 characters, more than 100"
    assert "PUBSEARCH_LONGEST_FIELD" in problem.hint
    assert ids(outcome) == GOOD | {"a"}
    live = outcome.generation
    stored = Segment(live.segment, live.manifest.catalogue).docstore
    number = stored.find_doc_number("a")
    assert number is not None
    values = stored.get_publication(number).values
    assert (values["country"], values["note"]) == (("IN", "NP"), ("n",))


def test_problems_of_a_file_are_counted(corpus: Path, tmp_path: Path) -> None:
    """A build reports 1,000 problems of a file, the last one, and the number of the others."""
    (corpus / "x.jsonl").write_bytes(b"x\n" * (MAX_PROBLEMS + 7) + lines("A"))
    (corpus / "y.jsonl").write_bytes(b"x\n")
    outcome = build.build(corpus, tmp_path / "index")
    told = [each for each in outcome.problems if each.file == "x.jsonl"]
    assert len(told) == MAX_PROBLEMS + 2
    assert told[-1].what == "6 more problems are not listed"
    assert [each.line for each in outcome.problems if each.file == "y.jsonl"] == [1]
    assert "a" in ids(outcome)


CHEAP = (
    "an id that leads out", "Latin-1", "a title of a million characters", "UTF-16",
    "an address that is a script", "JSON: lists just too deep", "JSON: a line that is too long",
    "JSON: lines that are none", "JSON: an xz that breaks off",
)  # fmt: skip


def test_a_rebuild_reports_hostile_files_again(corpus: Path, tmp_path: Path) -> None:
    for number, name in enumerate(CHEAP):
        hostile = HOSTILE[name]
        (corpus / f"{number}{hostile.file}").write_bytes(hostile.data())
    first = build.build(corpus, tmp_path / "index")
    assert len(first.problems) >= len(CHEAP)
    again = build.build(corpus, tmp_path / "index")
    assert again.status == "unchanged"
    assert again.problems == first.problems
    (corpus / "later.jsonl").write_bytes(lines("Later"))
    rebuilt = build.build(corpus, tmp_path / "index")
    full = build.build(corpus, tmp_path / "other")
    assert rebuilt.problems == full.problems == first.problems
    assert segment(rebuilt) == segment(full)


def test_changed_limits_apply_to_indexed_publications(corpus: Path, tmp_path: Path) -> None:
    (corpus / "x.jsonl").write_bytes(lines("A", "B" * 200))
    low = Limits(longest_field=100)
    assert build.build(corpus, tmp_path / "index").problems == []
    lowered = build.build(corpus, tmp_path / "index", limits=low)
    assert [each.what for each in lowered.problems][:1] == [
        "Title: its values have 200 characters, more than 100"
    ]
    assert segment(lowered) == segment(build.build(corpus, tmp_path / "other", limits=low))
    raised = build.build(corpus, tmp_path / "index")
    assert raised.problems == []
    assert len(ids(raised)) == len(GOOD) + 2


def test_limits_are_settings() -> None:
    assert config.load(environment={}).limits == LIMITS
    for name in Limits.__struct_fields__:
        other = getattr(LIMITS, name) + 1
        changed = config.load(environment={f"PUBSEARCH_{name.upper()}": str(other)})
        assert changed.limits == msgspec.structs.replace(LIMITS, **{name: other})
