"""Text to HTML outside templates. Templates escape by themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NewType

from markupsafe import Markup, escape

from search_app.engine.results import Run

Html = NewType("Html", str)
"""Escaped HTML. Only the template without autoescaping may print it. Any other template would
escape it twice, which is ugly but safe."""
_QUOTED = re.compile("“([^“”]*)”")


def marked(runs: Iterable[Run]) -> Markup:
    """Return runs of text as HTML, escaped (quotes too), with matches in `<mark>`."""
    return Markup(  # nosec B704  # noqa: S704 - each run is escaped
        "".join([
            f"<mark>{escape(run.text)}</mark>" if run.marked else escape(run.text) for run in runs
        ])
    )  # fmt: skip


@lru_cache(maxsize=4096)
def html(text: str) -> Html:
    """Return a text as HTML. The cache is for labels and names, which every page repeats."""
    return Html(str(escape(text)))


def isolated(sentence: str) -> Markup:
    """Return a sentence as HTML, with `<bdi>` around each quoted text.

    A right-to-left quotation then does not reorder the rest of the sentence.
    """
    apart = _QUOTED.sub(r"“<bdi>\1</bdi>”", str(escape(sentence)))
    return Markup(apart)  # nosec B704  # noqa: S704 - it was escaped
