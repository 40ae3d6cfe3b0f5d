"""A hostile file causes a problem that names it, and the build indexes all other files."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from indexer.codec.segment.reader import Segment
from indexer.jobs import build
from tests.robustness.hostile import HOSTILE, Hostile
from tests.tiers import thorough

GOOD = {
    "model-law", "case-digest-2017", "brief/6", "removal-of-organs-2011", "victims-at-the-border",
}  # fmt: skip
"""The ids of the publications of the small corpus."""
MOST_SECONDS, MOST_MEGABYTES = 20, 700
BUILD = """\
import sys
from pathlib import Path
from indexer.jobs import build
outcome = build.build(Path(sys.argv[1]), Path(sys.argv[2]))
# What getrusage tells has the size of the process that this one was forked from.
print(next(int(line.split()[1]) // 1024 for line in open("/proc/self/status") if "VmHWM" in line))
print(*outcome.problems, sep="\\n")
"""


def ids(outcome: build.BuildResult) -> set[str]:
    live = outcome.generation
    return set(Segment(live.segment, live.manifest.catalogue).docstore.all_ids)


def segment(outcome: build.BuildResult) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in outcome.generation.segment.iterdir()}


def check(outcome: build.BuildResult, file: str, told: str | None) -> None:
    assert ids(outcome) >= GOOD
    for problem in outcome.problems:
        assert problem.file == file
        assert problem.hint
        assert str(problem).isprintable()
        assert len(str(problem)) < 2_000
    told_of_it = [problem.what for problem in outcome.problems]
    if told is None:
        assert told_of_it == []
        assert len(ids(outcome)) == len(GOOD) + 1
    else:
        assert any(told in what for what in told_of_it), told_of_it[:5]
    assert msgspec.json.encode(outcome.problems)


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_reported_and_harms_no_other(
    hostile: Hostile, corpus: Path, tmp_path: Path
) -> None:
    (corpus / hostile.file).write_bytes(hostile.data())
    started = sum(os.times()[:4])  # CPU time, including child processes
    outcome = build.build(corpus, tmp_path / "index")
    assert sum(os.times()[:4]) - started < MOST_SECONDS
    check(outcome, hostile.file, hostile.told)


BOMBS = (
    "a million paragraphs", "a million comments", "a million attributes", "NUL bytes",
    "numbers of no character", "a property of a million names",
    "properties that repeat a long text", "a heading that holds for too many articles",
    "JSON: a bomb of gzip, one line", "JSON: a bomb of xz, one line",
    "JSON: an xz that wants gigabytes", "JSON: lines that are none",
)  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="measures memory as Linux tells it")
@pytest.mark.parametrize("name", thorough(BOMBS, usual=["a million paragraphs"]))
def test_a_decompression_bomb_takes_bounded_memory(name: str, corpus: Path, tmp_path: Path) -> None:
    hostile = HOSTILE[name]
    (corpus / hostile.file).write_bytes(hostile.data())
    done = subprocess.run(
        [sys.executable, "-c", BUILD, corpus, tmp_path / "index"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    megabytes, _, told = done.stdout.partition("\n")
    assert int(megabytes) < MOST_MEGABYTES
    assert (hostile.told or "") in told
