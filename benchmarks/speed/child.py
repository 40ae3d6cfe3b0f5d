"""Run one task in a new process: `child build|open|check ENGINE FOLDER [...]`. Print JSON.

The clock starts before any other import, and the imports of an engine are timed separately.
"""

import time

STARTED = time.perf_counter()

import sys  # noqa: E402
from pathlib import Path  # noqa: E402

import msgspec  # noqa: E402

from benchmarks.speed import engines  # noqa: E402
from benchmarks.speed.questions import Question  # noqa: E402


class Took(msgspec.Struct):
    """The seconds of a new process: until all imports were done, and from there to the end."""

    imports: float
    work: float


def main(action: str, name: str, folder: Path, *rest: str) -> Took:
    """Run one task with one engine: build, open, or check."""
    engine = engines.load(name)
    imported = time.perf_counter()
    if action == "build":
        engine.build(Path(rest[0]), folder)
    elif action == "open":
        question = msgspec.json.decode(rest[0], type=Question)
        imported = time.perf_counter()
        engine(folder).ask(question)
    elif action == "check":
        engine.check(folder)
    else:
        raise ValueError(f"{action} is none of build, open, check")
    return Took(imported - STARTED, time.perf_counter() - imported)


if __name__ == "__main__":
    took = main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), *sys.argv[4:])
    sys.stdout.write(msgspec.json.encode(took).decode())
