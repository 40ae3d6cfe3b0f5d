"""The torture run: many repetitions of every crash and fault that an index must survive.

`make torture` runs it. A table at the end lists the counts. The exit status is 1 if anything was
lost.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing

from tests.robustness import damage, faults, kills, power, requests, switching
from tests.robustness.progress import COUNTED, Case, Counts

Part = Callable[[int], Generator[Case, None, None]]
"""Yields the cases of a part, which a seed determines."""

PARTS: dict[str, Part] = {
    "kills": kills.at_every_call,
    "random-kills": kills.at_random,
    "faults": faults.every_fault,
    "power": power.cuts,
    "damage": damage.damages,
    "switches": switching.under_load,
    "requests": requests.asked,
}
MINUTES = 110.0


def main() -> None:
    """Run the selected parts, and print their results."""
    parser = argparse.ArgumentParser(prog="make torture", description=__doc__)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32), help="of each case")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="stop after so many")
    parser.add_argument("--only", nargs="+", choices=PARTS, help="only these parts")
    parser.add_argument("--skip", type=int, default=0, help="so many cases of the first part")
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    until, skipped = time.monotonic() + asked.minutes * 60, asked.skip
    counts: dict[str, Counts] = {}
    for name in asked.only or PARTS:
        counts[name] = run(name, asked.seed, skipped, until)
        skipped = 0
    print(table(counts))
    sys.exit(any(each.losses for each in counts.values()))


def run(name: str, seed: int, skipped: int, until: float) -> Counts:
    """Run the cases of a part until a time, print its errors, and return its counts."""
    counts, done, began = Counts(), 0, time.monotonic()
    hint = ""
    with closing(PARTS[name](seed)) as cases:
        for case in cases:
            if time.monotonic() >= until:
                hint = f" (go on with --seed {seed} --only {name} --skip {done})"
                break
            if done >= skipped:
                counts.add(case())
            done += 1
    line = f"{name}: {done} cases in {time.monotonic() - began:.0f} s{hint}"
    print("\n  ".join([line, *counts.wrong]), flush=True)
    return counts


def table(parts: Mapping[str, Counts]) -> str:
    """Return a table of the counts of all parts."""
    total = Counts()
    for counts in parts.values():
        total.add(counts)
    rows: list[tuple[object, ...]] = [("", *(name.replace("_", " ") for name in COUNTED))]
    rows += [
        (name, *(getattr(counts, each) for each in COUNTED))
        for name, counts in [*parts.items(), ("all", total)]
    ]
    return "\n".join(
        "".join(f"{each!s:>12}" if at else f"{each!s:<14}" for at, each in enumerate(row))
        for row in rows
    )


if __name__ == "__main__":
    main()
