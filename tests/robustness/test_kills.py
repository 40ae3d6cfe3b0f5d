"""A build that is killed or ended leaves what was live, and nothing that the next one minds."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.robustness import kills
from tests.robustness.place import Place, live
from tests.robustness.progress import Counts, chance
from tests.robustness.runner import Runner
from tests.samples import article, page

SAMPLE, RANDOM = 30, 15


def test_a_kill_at_any_call_loses_nothing(place: Place, traced: Runner) -> None:
    """Killed as it writes, a build leaves old or new whole, and the next one succeeds."""
    every, counts = kills.places(place, traced), Counts()
    for name, ordinal in every[:: len(every) // SAMPLE]:
        counts.add(kills.kill_at(place, traced, name, ordinal))
    assert counts.wrong == []
    assert counts.kills >= SAMPLE * 2 // 3


def test_a_kill_at_any_time_loses_nothing(place: Place, runner: Runner) -> None:
    """The same holds of kills at random times."""
    counts, longest = Counts(), kills.typical(place, runner)
    for number in range(RANDOM):
        by_chance = chance(1, "quick kills", number)
        counts.add(kills.kill_sometime(place, runner, longest, by_chance))
    assert counts.wrong == []
    assert counts.kills == RANDOM


@pytest.mark.parametrize(("sent", "status"), [("SIGTERM", 143), ("SIGINT", 130)])
@pytest.mark.parametrize("ordinal", [5, 40])
def test_a_build_that_is_ended_cleans_up(
    sent: str, status: int, ordinal: int, place: Place, traced: Runner
) -> None:
    """SIGTERM and Ctrl-C end a build with a status of their own; nothing of it is left or said."""
    place.restore()
    inject = f"inject=write:signal={sent}:when={ordinal}"
    ended = traced.run(place.arguments, ["-o", os.devnull, "-e", "trace=write", "-e", inject])
    assert (ended.status, ended.said.strip()) == (status, "")
    assert live(place.index) == place.old
    assert list(place.leftovers()) == []


BUILD = """\
import sys, time
from pathlib import Path
from indexer.jobs import build, build_stats
from indexer.ingest.corpus import Progress

class Waits(Progress):
    def at(self, read): pass
    def counted(self, publications):
        global chunks
        chunks += 1
        if chunks == 6:
            print("at work", flush=True)
            time.sleep(600)

chunks = 0
if __name__ == "__main__":
    build_stats.CHUNK = 2
    build.build(Path(sys.argv[1]), Path(sys.argv[2]), progress=Waits())
"""


def children(process: int) -> list[int]:
    """The processes that a process has begun."""
    found = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    return [int(each) for each in found.split()]


def work(process: int) -> list[str]:
    """How much a process has computed, in user mode and in the system's."""
    return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").split()[13:15]


def wait_until_idle(processes: list[int]) -> None:
    """Waits until processes have done nothing for a while, half a minute at most."""
    for _ in range(60):
        before = [work(each) for each in processes]
        time.sleep(0.5)
        if before == [work(each) for each in processes]:
            return


def is_gone(process: int) -> bool:
    """Whether a process has ended, perhaps without anyone having asked how."""
    try:
        return ") Z " in Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return True


def test_what_a_killed_build_had_begun_ends_too(corpus: Path, tmp_path: Path) -> None:
    """A process that numbers words beside a build ends soon after the build was killed."""
    articles = [article(f"Number {number}") for number in range(20)]
    (corpus / "many.html").write_text(page(articles), encoding="utf-8")
    script = tmp_path / "script.py"
    script.write_text(BUILD, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, script, corpus, tmp_path / "index"], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"at work\n"
        begun = children(process.pid)
        assert len(begun) == 2  # multiprocessing has one more of its own
        wait_until_idle(begun)
        process.kill()
    until = time.monotonic() + 120
    while not all(map(is_gone, begun)) and time.monotonic() < until:
        time.sleep(0.05)
    assert all(map(is_gone, begun))
