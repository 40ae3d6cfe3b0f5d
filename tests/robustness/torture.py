"""The torture run: many repetitions of every crash and fault that an index must survive.

`make torture` runs it. The file `build/torture/progress.json` stores its progress. An interrupted
run resumes with its seed. A table at the end lists the counts. The exit status is 1 if anything was
lost.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from tests.robustness import damage, faults, kills, power, requests, switching
from tests.robustness.progress import COUNTED, Budget, Counts, Progress, State

Part = Callable[[int, Budget, State], Counts]
"""Runs the remaining cases of a part with a seed while time is left."""

PARTS: dict[str, Part] = {
    "kills": kills.at_every_call,
    "random-kills": kills.at_random,
    "faults": faults.every_fault,
    "power": power.cuts,
    "damage": damage.damages,
    "switches": switching.under_load,
    "requests": requests.asked,
}
FILE = Path(__file__).parents[2] / "build" / "torture" / "progress.json"
MINUTES = 110.0


def main() -> None:
    """Run the selected parts, and print their results."""
    asked = _arguments()
    progress = begun(FILE, asked.seed)
    print(f"seed {progress.seed}, how far it is: {FILE}", flush=True)
    FILE.parent.mkdir(parents=True, exist_ok=True)
    budget = Budget(time.monotonic() + asked.minutes * 60, lambda: progress.save(FILE))
    for name in asked.only or PARTS:
        state = progress.parts.setdefault(name, State())
        PARTS[name](progress.seed, budget, state)
        progress.save(FILE)
        print(told(name, state), flush=True)
    print(table(progress.parts))
    sys.exit(any(state.counts.losses for state in progress.parts.values()))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make torture", description=__doc__)
    parser.add_argument("--seed", type=int, help="begin anew with this seed, or go on with it")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="stop after so many")
    parser.add_argument("--only", nargs="+", choices=PARTS, help="only these parts")
    return parser.parse_args()


def begun(file: Path, seed: int | None) -> Progress:
    """Return the stored progress if it is unfinished or has the given seed, else a new one.

    A finished run starts again.
    """
    try:
        found = msgspec.json.decode(file.read_bytes(), type=Progress)
    except (OSError, msgspec.MsgspecError):
        found = None
    if found and seed in {None, found.seed}:
        done = len(found.parts) == len(PARTS) and all(map(is_done, found.parts.values()))
        if not done or seed is not None:
            return found
    return Progress(secrets.randbelow(2**32) if seed is None else seed)


def is_done(state: State) -> bool:
    """Return whether all cases of a part are done."""
    return state.done >= state.cases > 0


def told(name: str, state: State) -> str:
    """Return the progress of a part and its errors."""
    how = "" if is_done(state) else " (run it again to go on)"
    line = f"{name}: {state.done} of {state.cases} cases in {state.seconds:.0f} s{how}"
    return "\n  ".join([line, *state.counts.wrong])


def table(parts: dict[str, State]) -> str:
    """Return a table of the counts of all parts."""
    total = Counts()
    for state in parts.values():
        total.add(state.counts)
    rows: list[Sequence[object]] = [("", *(name.replace("_", " ") for name in COUNTED))]
    rows += [
        (name, *(getattr(counts, each) for each in COUNTED))
        for name, counts in [*((name, each.counts) for name, each in parts.items()), ("all", total)]
    ]
    return "\n".join(
        "".join(f"{each!s:>12}" if at else f"{each!s:<14}" for at, each in enumerate(row))
        for row in rows
    )


if __name__ == "__main__":
    main()
