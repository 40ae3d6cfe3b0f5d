"""A build is killed: at every call by which it writes, and at random times.

strace counts calls by name and by thread, and so does a case here: the third `write` of a thread.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tests.robustness import calls
from tests.robustness.place import Place
from tests.robustness.progress import Budget, Counts, State, chance
from tests.robustness.runner import Runner

RANDOM = 1000
"""How many kills at random times."""


def places(place: Place, runner: Runner) -> list[tuple[str, int]]:
    """Where a build can be killed: each name of a call, with its how-manieth."""
    place.restore()
    found = calls.recorded(runner, place.arguments, place.folder / "log")
    return sorted({(each.name, each.ordinal) for each in found if each.makes})


def kill_at(place: Place, runner: Runner, name: str, ordinal: int) -> Counts:
    """Kills a build as it makes a call, and says what came of it."""
    place.restore()
    inject = f"inject={name}:signal=SIGKILL:when={ordinal}"
    trace = ["-o", os.devnull, "-e", f"trace={name}", "-e", inject]
    wrong: list[str] = []
    with place.read(wrong):
        ended = runner.run(place.arguments, trace)
    return _counted(place, ended.status == -signal.SIGKILL, wrong, f"killed at {name} {ordinal}")


def kill_after(place: Place, runner: Runner, seconds: float) -> Counts:
    """Kills a build after some time, and says what came of it."""
    place.restore()
    wrong: list[str] = []
    with place.read(wrong):
        process = os.pidfd_open(runner.begin(place.arguments))
        signal.pidfd_send_signal(process, signal.SIGCONT)
        time.sleep(seconds)
        with suppress(ProcessLookupError):  # it has ended
            signal.pidfd_send_signal(process, signal.SIGKILL)
        os.close(process)
        ended = runner.end()
    return _counted(place, ended.status == -signal.SIGKILL, wrong, f"killed after {seconds:.4f} s")


def _counted(place: Place, killed: bool, wrong: list[str], how: str) -> Counts:
    wrong += [*place.standing(), *place.unsound(), *place.recovery()]
    return Counts(kills=killed, lost=bool(wrong), wrong=[f"{how}: {each}" for each in wrong])


def typical(place: Place, runner: Runner) -> float:
    """How many seconds a build takes that is begun so, at the quickest."""
    took = []
    for _ in range(3):
        place.restore()
        began = time.perf_counter()
        runner.run(place.arguments)
        took.append(time.perf_counter() - began)
    return min(took)


def kill_sometime(place: Place, runner: Runner, longest: float, chance: Random) -> Counts:
    """Kills a build at a random time, and says what came of it; one that was quicker is no kill."""
    while not (counts := kill_after(place, runner, chance.random() * longest)).kills:
        if counts.losses:
            break
    return counts


def at_every_call(seed: int, budget: Budget, state: State) -> Counts:
    """A part of the torture: every call once. There is no chance in it."""
    with TemporaryDirectory() as folder, Runner(Path(folder)) as runner:
        place = Place(Path(folder) / "place")
        every = places(place, runner)
        return budget.spend(state, len(every), lambda n: kill_at(place, runner, *every[n]))


def at_random(seed: int, budget: Budget, state: State) -> Counts:
    """A part of the torture: kills at random times within what a build takes."""
    with TemporaryDirectory() as folder, Runner(Path(folder)) as runner:
        place = Place(Path(folder) / "place")
        longest = typical(place, runner)

        def case(number: int) -> Counts:
            return kill_sometime(place, runner, longest, chance(seed, "random kills", number))

        return budget.spend(state, RANDOM, case)
