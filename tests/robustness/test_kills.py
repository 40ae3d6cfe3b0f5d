"""A killed or terminated build keeps the live index and does not disturb the next build.

strace counts calls by name and by thread, and so does a case here: for instance, the third `write`
of a thread.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.robustness import calls
from tests.robustness.place import IS_LONG, Place, chance, live
from tests.robustness.runner import Runner
from tests.tiers import thorough
from tests.waiting import until

COUNTS = [sys.maxsize] if IS_LONG else [3, *thorough([30])]
"""Numbers of calls at which builds are killed."""
RANDOM = 1000 if IS_LONG else 15
"""Number of kills at random times."""


def check(place: Place, wrong: list[str]) -> list[str]:
    return [*wrong, *place.standing(), *place.unsound(), *place.recovery()]


def kill_after(place: Place, runner: Runner, seconds: float) -> tuple[bool, list[str]]:
    place.restore()
    wrong: list[str] = []
    with place.query_meanwhile(wrong):
        process = os.pidfd_open(runner.begin(place.arguments))
        signal.pidfd_send_signal(process, signal.SIGCONT)
        time.sleep(seconds)
        with suppress(ProcessLookupError):  # the build has already ended
            signal.pidfd_send_signal(process, signal.SIGKILL)
        os.close(process)
        ended = runner.end()
    wrong = [f"killed after {seconds:.4f} s: {each}" for each in check(place, wrong)]
    return ended.status == -signal.SIGKILL, wrong


@pytest.mark.parametrize("count", COUNTS)
def test_a_kill_at_any_call_loses_nothing(count: int, place: Place, traced: Runner) -> None:
    place.restore()
    found = calls.recorded(traced, place.arguments, place.folder / "log")
    every = sorted({(each.name, each.ordinal) for each in found if each.makes})
    some = every[:: max(1, len(every) // count)]
    losses, killed = list[str](), 0
    for name, ordinal in some:
        place.restore()
        inject = f"inject={name}:signal=SIGKILL:when={ordinal}"
        wrong: list[str] = []
        with place.query_meanwhile(wrong):
            ended = traced.run(
                place.arguments, ["-o", os.devnull, "-e", f"trace={name}", "-e", inject]
            )
        killed += ended.status == -signal.SIGKILL
        losses += [f"killed at {name} {ordinal}: {each}" for each in check(place, wrong)]
    assert losses == []
    assert killed >= len(some) * 2 // 3


@pytest.mark.thorough
def test_a_kill_at_any_time_loses_nothing(place: Place, runner: Runner) -> None:
    took = []
    for _ in range(3):
        place.restore()
        began = time.perf_counter()
        runner.run(place.arguments)
        took.append(time.perf_counter() - began)
    for number in range(RANDOM):
        by_chance, is_killed = chance("random kills", number), False
        while not is_killed:  # again if the build ended first
            is_killed, wrong = kill_after(place, runner, by_chance.random() * min(took))
            assert wrong == []


@pytest.mark.parametrize(("sent", "status"), [("SIGTERM", 143), ("SIGINT", 130)])
@pytest.mark.parametrize("ordinal", [5, 40])
def test_a_terminated_build_cleans_up(
    sent: str, status: int, ordinal: int, place: Place, traced: Runner
) -> None:
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
    def report_bytes(self, count): pass
    def report_publications(self, publications):
        global chunks
        chunks += 1
        if chunks == 6:
            print("at work", flush=True)
            time.sleep(600)

chunks = 0
if __name__ == "__main__":
    build_stats.BATCH_SIZE = 2
    build.build(Path(sys.argv[1]), Path(sys.argv[2]), progress=Waits())
"""


def children(process: int) -> list[int]:
    found = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
    return [int(each) for each in found.split()]


def work(process: int) -> list[str]:
    return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").split()[13:15]


def wait_until_idle(processes: list[int]) -> None:
    """Wait until processes have been idle for 0.5 s, at most 30 s."""
    for _ in range(60):
        before = [work(each) for each in processes]
        time.sleep(0.5)
        if before == [work(each) for each in processes]:
            return


def is_gone(process: int) -> bool:
    """Return whether a process has ended, even if its parent has not collected its status."""
    try:
        return ") Z " in Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return True


READING = """\
import sys
from indexer.child_process import ProcessLimits, run_limited
with open(sys.argv[1], "rb") as file:
    limits = ProcessLimits(memory=1 << 30, seconds=600, silence=600, output=1 << 20)
    with run_limited(sys.argv[1], (), file, limits) as blocks:
        for block in blocks:
            print(block.decode(), flush=True)
"""
ENDLESS = """\
import os
def main():
    print(os.getpid(), os.getppid(), flush=True)
    while True:
        pass
"""


def test_the_process_that_reads_a_file_ends_with_a_killed_build(tmp_path: Path) -> None:
    """A file that is read forever takes no processor time once its build is killed."""
    reading, endless = tmp_path / "reading.py", tmp_path / "endless.py"
    reading.write_text(READING, encoding="utf-8")
    endless.write_text(ENDLESS, encoding="utf-8")
    with subprocess.Popen([sys.executable, reading, endless], stdout=subprocess.PIPE) as process:
        assert process.stdout
        begun = [*map(int, process.stdout.readline().split())]
        assert len(begun) == 2
        assert not any(map(is_gone, begun))
        process.kill()
    until(lambda: all(map(is_gone, begun)), seconds=10)


def test_the_children_of_a_killed_build_end(corpus: Path, tmp_path: Path) -> None:
    lines = "".join(f'{{"title": "Number {number}"}}\n' for number in range(40))
    (corpus / "many.jsonl").write_text(lines, encoding="utf-8")
    script = tmp_path / "script.py"
    script.write_text(BUILD, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, script, corpus, tmp_path / "index"], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"at work\n"
        begun = children(process.pid)
        assert len(begun) == 2  # multiprocessing starts one more process
        wait_until_idle(begun)
        process.kill()
    until(lambda: all(map(is_gone, begun)), seconds=120)
