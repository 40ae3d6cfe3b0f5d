"""Measure building: time, index size, and memory. Then measure opening and checking."""

import shutil
from collections.abc import Sequence

from benchmarks.speed import engines, machine, papers, questions
from benchmarks.speed.questions import Question
from benchmarks.speed.results import Building, Built
from benchmarks.speed.workplace import Workplace

_SLOW = (engines.WHOOSH,)
"""Slow engines, which take minutes and build only once."""


def measure(work: Workplace) -> Building:
    """Build each index several times, in turns. Rebuild, open, and check this engine's."""
    plan = work.plan
    setting = machine.setting(plan.file.name, work.size)
    names = _names(work)
    built = _built(work, names)
    limits = {name: size for name in names if (size := work.lines_for(name)[1]) < work.size}
    rebuilt = _rebuilt(work)
    drawn = questions.draw(list(papers.read(work.lines)), 1, plan.seed)
    first = [asked[0] for asked in drawn.values()]
    return Building(
        setting=setting,
        built=built,
        rebuilt=rebuilt,
        opened=_opened(work, [name for name in names if name not in limits], first),
        checked=[work.checked(engines.OURS, work.lines) for _ in range(plan.builds)],
        limits=limits,
        left_out=plan.left_out,
    )


def _names(work: Workplace) -> list[str]:
    """Return the engines that build. Tantivy builds again with all fields stored."""
    names = []
    for name in work.plan.present:
        names.append(name)
        if name == engines.TANTIVY:
            names.append(engines.TANTIVY_STORING)
    return names


def _built(work: Workplace, names: Sequence[str]) -> dict[str, Built]:
    built: dict[str, Built] = {}
    for turn in range(work.plan.builds):
        for name in names:
            if turn == 0 or name not in _SLOW:
                built[name] = work.build(name, work.lines_for(name)[0], built.get(name))
    return built


def _rebuilt(work: Workplace) -> Built:
    """Rebuild a copy of this engine's index several times, with one paper changed each time."""
    changed = work.folder / "papers-changed.jsonl"
    papers.change_one(work.lines, changed)
    place = work.place(engines.OURS, changed)
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(work.place(engines.OURS, work.lines), place, symlinks=True)
    rebuilt: Built | None = None
    for turn in range(work.plan.builds):
        lines = work.lines if turn % 2 else changed
        rebuilt = work.rebuild(engines.OURS, lines, place, rebuilt)
    assert rebuilt is not None
    return rebuilt


def _opened(
    work: Workplace, names: Sequence[str], asked: Sequence[Question]
) -> dict[str, list[float]]:
    """Return the milliseconds to the first response by engine, each in a new process."""
    opened: dict[str, list[float]] = {name: [] for name in names}
    for question in asked:
        for name in names:
            opened[name].append(work.opened(name, work.lines_for(name)[0], question))
    return opened
