"""Text becomes HTML: here, and in templates, which escape by themselves; nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NewType

from markupsafe import Markup, escape

from search_app.engine.results import Run

Html = NewType("Html", str)
"""Text that is HTML: every character with a meaning in HTML is escaped. The template that is not
autoescaped prints it; in any other the text is escaped twice, which is ugly and not unsafe."""
_QUOTED = re.compile("“([^“”]*)”")


def marked(runs: Iterable[Run]) -> Markup:
    """Runs as HTML: text escaped, quotes too, what matched in `<mark>`."""
    return Markup(  # nosec B704  # noqa: S704 - each run is escaped
        "".join([
            f"<mark>{escape(run.text)}</mark>" if run.marked else escape(run.text) for run in runs
        ])
    )  # fmt: skip


@lru_cache(maxsize=4096)
def html(text: str) -> Html:
    """Return a text as HTML. The cache helps labels and names, which every page repeats."""
    return Html(str(escape(text)))


def isolated(sentence: str) -> Markup:
    """A sentence as HTML; what it quotes keeps a direction of its own."""
    apart = _QUOTED.sub(r"“<bdi>\1</bdi>”", str(escape(sentence)))
    return Markup(apart)  # nosec B704  # noqa: S704 - it was escaped
