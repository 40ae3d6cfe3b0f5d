"""Measure growth: the same queries on samples, on all papers, and on repeated papers."""

from benchmarks.speed import engines, machine, papers, questions, timing
from benchmarks.speed.results import Built, Growth, Timed
from benchmarks.speed.workplace import Workplace

GROWING = (engines.OURS, engines.TANTIVY)
_SAMPLES = (12_500, 25_000, 50_000)
_FULL = 100_000
"""Minimum number of papers for the sample sizes above. Smaller files are halved repeatedly."""


def samples(size: int) -> list[int]:
    """Return the sizes of the samples for a number of papers, in ascending order."""
    return list(_SAMPLES) if size >= _FULL else [size // 8, size // 4, size // 2]


def measure(work: Workplace) -> Growth:
    """Build an index of every size, then run queries from the smallest sample on each."""
    plan = work.plan
    setting = machine.setting(plan.file.name, work.size)
    files = [work.sample(size) for size in samples(work.size)]
    files += [work.lines, work.repeated(plan.copies)]
    names = [name for name in GROWING if name in plan.present]
    built: dict[str, list[Built]] = {
        name: [work.build(name, lines) for lines in files] for name in names
    }
    opened = {(name, lines): work.open(name, lines) for name in names for lines in files}
    timed: dict[str, dict[str, list[Timed]]] = {name: {} for name in names}
    for kind, asked in questions.draw(list(papers.read(files[0])), plan.queries, plan.seed).items():
        found = timing.round_by_round(opened, asked, plan.rounds)
        for name in names:
            timed[name][kind] = [found[name, lines] for lines in files]
            told = " ".join(f"{each.median:.3f}" for each in timed[name][kind])
            work.tell(f"{name}, {questions.KINDS[kind]}: median ms by size {told}")
    sizes = [*samples(work.size), work.size, plan.copies * work.size]
    return Growth(setting, plan.rounds, plan.queries, sizes, timed, built, plan.left_out)
