"""Measure queries: every kind on every engine, on the same papers."""

from contextlib import ExitStack, closing

from benchmarks.speed import engines, machine, papers, questions, timing
from benchmarks.speed.results import Searching, Timed, Together
from benchmarks.speed.workplace import Workplace

TURN = 10
"""Number of queries that an engine answers before the next engine's turn."""
COUNTED = (engines.OURS, engines.TANTIVY)
"""The engines with targets. They also run with alternating queries, and with two threads."""


def measure(work: Workplace) -> Searching:
    """Time all kinds of queries. Missing engines are omitted and reported."""
    plan = work.plan
    setting = machine.setting(plan.file.name, work.size)
    drawn = questions.draw(list(papers.read(work.lines)), plan.queries, plan.seed)
    sizes = {name: work.lines_for(name)[1] for name in plan.present}
    limits = {name: size for name, size in sizes.items() if size < work.size}
    timed: dict[str, dict[str, Timed]] = {}
    alternated: dict[str, dict[str, Timed]] = {}
    both: dict[str, dict[str, Together]] = {}
    with ExitStack() as opened:
        compared = {
            name: opened.enter_context(closing(work.open(name, work.lines_for(name)[0])))
            for name in plan.present
        }
        for kind, asked in drawn.items():
            timed[kind] = timing.interleaved(compared, asked, plan.rounds, TURN)
            two = {name: compared[name] for name in COUNTED if name in compared}
            alternated[kind] = timing.interleaved(two, asked, plan.rounds, 1)
            both[kind] = {
                name: timing.together(compared[name], asked, plan.rounds)
                for name in COUNTED
                if name in compared
            }
            told = ", ".join(f"{name} {found.median:.3f}" for name, found in timed[kind].items())
            work.tell(f"{questions.KINDS[kind]}: median ms {told}")
    return Searching(
        setting, plan.rounds, plan.queries, timed, alternated, both, limits, plan.left_out
    )
