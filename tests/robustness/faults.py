"""Make the disk refuse calls: each writing call of a build fails, once or from then on.

Only calls on the index fail. A failure after the new index is live, while old generations are
removed, must not undo the publication.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from indexer.generations import publish
from tests.robustness import calls
from tests.robustness.calls import Call
from tests.robustness.place import Place, live
from tests.robustness.progress import Case, Counts
from tests.robustness.runner import Ended, Runner

SAID = {"ENOSPC": "the disk is full", "EIO": "the disk failed", "EROFS": "is read-only"}
"""Part of the expected error message, by error code."""
REMOVING = frozenset({"unlink", "unlinkat", "rmdir", "rename"})


class Fault(NamedTuple):
    """A failing call: its name, ordinal, and error, and whether all later calls fail too."""

    name: str
    ordinal: int
    error: str
    onwards: bool

    @property
    def spoils_cleaning(self) -> bool:
        """Return whether the cleanup may fail too, or the state of the disk is uncertain."""
        return self.name in REMOVING or self.onwards


def faults(place: Place, runner: Runner) -> list[Fault]:
    """Return every call of a build on the index, combined with each way to fail."""
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
    """Run a build with one failing call, and return the counts."""
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
        # A published generation whose fsync failed stays for its readers.
        silent += place.leftovers(publish.KEEP_GENERATIONS + (fault.name == "fsync"))
    lost += place.recovery()
    wrong = [f"{fault}: {each}" for each in (*lost, *silent)]
    return Counts(faults=1, lost=bool(lost), silent=bool(silent), wrong=wrong)


def _misled(place: Place, ended: Ended, fault: Fault) -> Iterator[str]:
    """Yield the errors in the exit status or message of a build that met a fault."""
    is_new = live(place.index) == place.new
    if not ended.status:
        if not is_new or ended.said:
            yield f"it ended well, without publishing: {ended.said}"
        return
    if is_new and not fault.onwards:
        yield "what could not be written to the end is live"
    if fault.name == "write" and fault.onwards and ended == (1, ""):
        return  # no message can be written if every write fails
    stands = "a power cut may undo it" if is_new else "the live index is unchanged"
    expected = re.escape(SAID[fault.error]) + ".*" + re.escape(stands)
    if ended.status != 1 or not re.fullmatch(f"pubsearch: [^\n]*{expected}\n", ended.said):
        yield f"exit status {ended.status}, and this was said: {ended.said}"


def every_fault(seed: int) -> Generator[Case, None, None]:
    """Fail every call in every way: one part of the torture run. It uses no randomness."""
    with TemporaryDirectory() as folder, Runner(Path(folder)) as runner:
        place = Place(Path(folder) / "place")
        for fault in faults(place, runner):
            yield partial(refuse, place, runner, fault)
