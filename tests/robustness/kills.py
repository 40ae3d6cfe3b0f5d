"""Kill a build at every writing call, and at random times.

strace counts calls by name and by thread, and so does a case here: for instance, the third `write`
of a thread.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Generator
from contextlib import suppress
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tests.robustness import calls
from tests.robustness.place import Place
from tests.robustness.progress import Case, Counts, chance
from tests.robustness.runner import Runner

RANDOM = 1000
"""Number of kills at random times."""


def places(place: Place, runner: Runner) -> list[tuple[str, int]]:
    """Return every call at which a build can be killed, as a name and an ordinal."""
    place.restore()
    found = calls.recorded(runner, place.arguments, place.folder / "log")
    return sorted({(each.name, each.ordinal) for each in found if each.makes})


def kill_at(place: Place, runner: Runner, name: str, ordinal: int) -> Counts:
    """Kill a build at a call, and return the counts."""
    place.restore()
    inject = f"inject={name}:signal=SIGKILL:when={ordinal}"
    trace = ["-o", os.devnull, "-e", f"trace={name}", "-e", inject]
    wrong: list[str] = []
    with place.read(wrong):
        ended = runner.run(place.arguments, trace)
    return _counted(place, ended.status == -signal.SIGKILL, wrong, f"killed at {name} {ordinal}")


def kill_after(place: Place, runner: Runner, seconds: float) -> Counts:
    """Kill a build after some seconds, and return the counts."""
    place.restore()
    wrong: list[str] = []
    with place.read(wrong):
        process = os.pidfd_open(runner.begin(place.arguments))
        signal.pidfd_send_signal(process, signal.SIGCONT)
        time.sleep(seconds)
        with suppress(ProcessLookupError):  # the build has already ended
            signal.pidfd_send_signal(process, signal.SIGKILL)
        os.close(process)
        ended = runner.end()
    return _counted(place, ended.status == -signal.SIGKILL, wrong, f"killed after {seconds:.4f} s")


def _counted(place: Place, killed: bool, wrong: list[str], how: str) -> Counts:
    wrong += [*place.standing(), *place.unsound(), *place.recovery()]
    return Counts(kills=killed, lost=bool(wrong), wrong=[f"{how}: {each}" for each in wrong])


def typical(place: Place, runner: Runner) -> float:
    """Return the fastest of three builds, in seconds."""
    took = []
    for _ in range(3):
        place.restore()
        began = time.perf_counter()
        runner.run(place.arguments)
        took.append(time.perf_counter() - began)
    return min(took)


def kill_sometime(place: Place, runner: Runner, longest: float, chance: Random) -> Counts:
    """Kill a build at a random time, and return the counts. Repeat if the build ended first."""
    while not (counts := kill_after(place, runner, chance.random() * longest)).kills:
        if counts.losses:
            break
    return counts


def at_every_call(seed: int) -> Generator[Case, None, None]:
    """Kill a build at every call once: one part of the torture run. It uses no randomness."""
    with TemporaryDirectory() as folder, Runner(Path(folder)) as runner:
        place = Place(Path(folder) / "place")
        for name, ordinal in places(place, runner):
            yield partial(kill_at, place, runner, name, ordinal)


def at_random(seed: int) -> Generator[Case, None, None]:
    """Kill builds at random times within their duration: one part of the torture run."""
    with TemporaryDirectory() as folder, Runner(Path(folder)) as runner:
        place = Place(Path(folder) / "place")
        longest = typical(place, runner)
        for number in range(RANDOM):
            by_chance = chance(seed, "random kills", number)
            yield partial(kill_sometime, place, runner, longest, by_chance)
