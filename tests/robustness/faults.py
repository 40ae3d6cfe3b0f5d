"""The disk refuses: each call by which a build writes fails, once, or from then on.

Refused are calls that concern the index. Those that come after the new index is live (the removal
of old ones) must not undo that.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from indexer.generations import publish
from tests.robustness import calls
from tests.robustness.calls import Call
from tests.robustness.place import Place, live
from tests.robustness.progress import Budget, Counts, State
from tests.robustness.runner import Ended, Runner

SAID = {"ENOSPC": "the disk is full", "EIO": "the disk failed", "EROFS": "is read-only"}
"""To each error, what a person is told."""
REMOVING = frozenset({"unlink", "unlinkat", "rmdir", "rename"})


class Fault(NamedTuple):
    """A call that fails: its name, the how-manieth, the error, and whether all after it fail."""

    name: str
    ordinal: int
    error: str
    onwards: bool

    @property
    def spoils_cleaning(self) -> bool:
        """Whether what undoes a build may fail too, or can't be sure of what is on the disk."""
        return self.name in REMOVING or self.onwards


def faults(place: Place, runner: Runner) -> list[Fault]:
    """All calls of a build that concern the index, each failing in each way."""
    place.restore()
    found = calls.recorded(runner, place.arguments, place.folder / "log")
    which = sorted({(each.name, each.ordinal) for each in found if _concerns(each, place)})
    return [
        Fault(*call, error, onwards)
        for call in which
        for error in SAID
        for onwards in (False, True)
    ]


def _concerns(call: Call, place: Place) -> bool:
    return call.makes and not call.failed and str(place.index) in call.line


def refuse(place: Place, runner: Runner, fault: Fault) -> Counts:
    """Builds while a call fails, and says what came of it."""
    place.restore()
    when = f"{fault.ordinal}{'+' if fault.onwards else ''}"
    inject = f"inject={fault.name}:error={fault.error}:when={when}"
    trace = ["-o", os.devnull, "-e", f"trace={fault.name}", "-e", inject]
    seen: list[str] = []
    with place.read(seen):
        ended = runner.run(place.arguments, trace)
    lost = [*seen, *place.standing()]
    silent = list(_misled(place, ended, fault))
    if ended.status and not fault.spoils_cleaning:
        # One that was live until it was known that this can't be flushed stays for its readers.
        silent += place.leftovers(publish.KEPT + (fault.name == "fsync"))
    lost += place.recovery()
    wrong = [f"{fault}: {each}" for each in (*lost, *silent)]
    return Counts(faults=1, lost=bool(lost), silent=bool(silent), wrong=wrong)


def _misled(place: Place, ended: Ended, fault: Fault) -> Iterator[str]:
    """Where a build that met an error tells less, or other, than what is so."""
    is_new = live(place.index) == place.new
    if not ended.status:
        if not is_new or ended.said:
            yield f"it ended well, without publishing: {ended.said}"
        return
    if is_new and not fault.onwards:
        yield "what could not be written to the end is live"
    if fault.name == "write" and fault.onwards and ended == (1, ""):
        return  # nothing can be said where no write succeeds
    stands = "may be gone after a power cut" if is_new else "the live index is as it was"
    expected = re.escape(SAID[fault.error]) + ".*" + re.escape(stands)
    if ended.status != 1 or not re.fullmatch(f"pubsearch: [^\n]*{expected}\n", ended.said):
        yield f"exit status {ended.status}, and this was said: {ended.said}"


def every_fault(seed: int, budget: Budget, state: State) -> Counts:
    """A part of the torture: every call, in every way. There is no chance in it."""
    with TemporaryDirectory() as folder, Runner(Path(folder)) as runner:
        place = Place(Path(folder) / "place")
        every = faults(place, runner)
        return budget.spend(state, len(every), lambda n: refuse(place, runner, every[n]))
