"""The working folder of a benchmark: the papers, derived files, and each index."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec

from benchmarks.speed import engines, fresh, papers
from benchmarks.speed.child import Took
from benchmarks.speed.engines import Engine
from benchmarks.speed.questions import Question
from benchmarks.speed.results import Built

Tell = Callable[[str], None]
MOST: Mapping[str, int] = MappingProxyType({engines.WHOOSH: 20_000})
"""Number of papers for engines that would need hours for all."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The scope of a measurement.

    `names` are the engines that take part. `most` contains the number of papers of engines that do
    not get all. `copies` is the number of repetitions of the papers in the largest index.
    """

    file: Path
    names: tuple[str, ...] = engines.COMPARED
    rounds: int = 5
    queries: int = 500
    builds: int = 3
    seed: int = 20261125
    papers: int | None = None
    most: Mapping[str, int] = MOST
    copies: int = 4

    @property
    def left_out(self) -> dict[str, str]:
        """Return the engines of the plan that cannot take part, and why."""
        reasons = {name: engines.why_left_out(name) for name in self.names}
        return {name: reason for name, reason in reasons.items() if reason}

    @property
    def present(self) -> list[str]:
        """Return the engines of the plan that take part."""
        return [name for name in self.names if name not in self.left_out]


class Workplace:
    """The papers as a plain file, `lines`, that all engines read. `size` is their number."""

    def __init__(self, plan: Plan, folder: Path, tell: Tell) -> None:
        self.plan, self.folder, self.tell = plan, folder, tell
        self.lines = folder / "papers.jsonl"
        self.size = papers.unpack(plan.file, self.lines)
        if plan.papers is not None and plan.papers < self.size:
            self.lines, self.size = self.sample(plan.papers), plan.papers

    def sample(self, size: int) -> Path:
        """Return a file of `size` papers, drawn at random."""
        return self._made(size, lambda into: papers.sample(self.lines, size, self.plan.seed, into))

    def repeated(self, times: int) -> Path:
        """Return a file with all papers repeated several times."""
        return self._made(times * self.size, lambda into: papers.repeat(self.lines, times, into))

    def _made(self, size: int, write: Callable[[Path], None]) -> Path:
        if size == self.size:
            return self.lines
        file = self.folder / f"papers-{size}.jsonl"
        if not file.exists():
            write(file)
        return file

    def lines_for(self, name: str) -> tuple[Path, int]:
        """Return the papers for an engine and their number: all papers, if it can."""
        size = min(self.size, self.plan.most.get(name, self.size))
        return self.sample(size), size

    def place(self, name: str, lines: Path) -> Path:
        """Return the folder of one engine for one file."""
        return self.folder / f"{name.replace(', ', '-').replace(' ', '-')}-{lines.stem}"

    def build(self, name: str, lines: Path, into: Built | None = None) -> Built:
        """Build a new index in a new process. Add the times to `into`."""
        place = self.place(name, lines)
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        return self.rebuild(name, lines, place, into)

    def rebuild(self, name: str, lines: Path, place: Path, into: Built | None) -> Built:
        """Build in an existing folder in a new process."""
        built = into or Built([], [], [])
        engines.load(name).prepare(lines, place)
        took, peak = fresh.run(Took, "build", name, place, lines)
        built.imports.append(round(took.imports, 4))
        built.work.append(round(took.work, 4))
        built.peaks.append(peak)
        built.size = sum(f.stat().st_size for f in (place / "index").rglob("*") if f.is_file())
        self.tell(f"{name}: {lines.stem} built in {took.imports + took.work:.1f} s")
        return built

    def open(self, name: str, lines: Path) -> Engine:
        """Return an open engine. Build its index first if it does not exist."""
        place = self.place(name, lines)
        if not (place / "index").exists():
            self.build(name, lines)
        return engines.load(name)(place)

    def opened(self, name: str, lines: Path, question: Question) -> float:
        """Return the milliseconds to open and answer, after the imports of a new process."""
        packed = msgspec.json.encode(question).decode()
        took, _ = fresh.run(Took, "open", name, self.place(name, lines), packed)
        return round(took.work * 1000, 2)

    def checked(self, name: str, lines: Path) -> float:
        """Return the milliseconds to check every byte, after the imports of a new process."""
        took, _ = fresh.run(Took, "check", name, self.place(name, lines))
        return round(took.work * 1000, 2)
