"""Render tables of the report."""

from collections.abc import Iterable, Sequence

from benchmarks.relevance.paired import Difference

DIFFERENCE_HEAD = ("difference", "95 % interval", "chance", "better / worse / equal")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table. Its first column is text, and the others are figures."""
    lines = [head, [":--", *["--:"] * (len(head) - 1)], *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def difference_cells(apart: Difference) -> list[str]:
    """Return the cells of a difference, in the order of DIFFERENCE_HEAD."""
    return [
        f"{apart.mean:+.3f}",
        f"{apart.low:+.3f} to {apart.high:+.3f}",
        f"{apart.chance:.3f}" if apart.chance >= 0.001 else "< .001",
        f"{apart.better} / {apart.worse} / {apart.equal}",
    ]
