"""Text becomes HTML: here, and in templates, which escape by themselves; nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable

from markupsafe import Markup, escape

from search_app.engine.results import Run

_QUOTED = re.compile("“([^“”]*)”")


def marked(runs: Iterable[Run]) -> Markup:
    """Runs as HTML: text escaped, quotes too, what matched in `<mark>`."""
    return Markup(  # nosec B704  # noqa: S704 - each run is escaped
        "".join([
            f"<mark>{escape(run.text)}</mark>" if run.marked else escape(run.text) for run in runs
        ])
    )  # fmt: skip


def isolated(sentence: str) -> Markup:
    """A sentence as HTML; what it quotes keeps a direction of its own."""
    apart = _QUOTED.sub(r"“<bdi>\1</bdi>”", str(escape(sentence)))
    return Markup(apart)  # nosec B704  # noqa: S704 - it was escaped
