"""The documentation site: `make docs` builds it with Sphinx from the documents of the project.

The documents are read where they are, so a link between two of them leads to the same place on the
site and in the checkout. The build fails if a link is broken, or if NAVIGATION lacks a document.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

NAVIGATION = {
    "Use": (
        "docs/searching",
        "docs/import",
        "docs/catalogue",
        "corpus/README",
        "docs/building",
        "docs/fulltext",
        "docs/interoperability",
        "docs/api",
        "docs/assistants",
        "docs/python",
        "examples/README",
        "docs/reference",
    ),
    "Operate": (
        "docs/serving",
        "docs/settings",
        "deploy/README",
        "docs/cluster",
        "deploy/opensearch/README",
        "docs/backup",
        "docs/reliability",
        "docs/security",
    ),
    "Measure": ("docs/benchmarks", "docs/relevance", "docs/scaling"),
    "Understand": ("docs/glossary", "docs/architecture", "docs/modules", "docs/decisions/README"),
    "Contribute": ("CONTRIBUTING", "docs/translating", "docs/releasing", "SECURITY", "CHANGELOG"),
}
"""The documents in the sidebar, in the order of a reader, by caption."""
CHAPTERS = {"docs/decisions/README": "[0-9]*", "docs/translating": "translating/*"}
"""The documents below one of these, as a pattern relative to its folder."""

project = "pubsearch"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
root_doc = "README"
include_patterns = ["*.md", "corpus/README.md", "deploy/**.md", "docs/**.md", "examples/**.md"]
exclude_patterns = [".*", "build", "index"]
myst_heading_anchors = 4

# Docstrings are plain text with `code`. Types are written as in the code.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 80

html_theme = "furo"
html_title = "pubsearch"
html_favicon = "../search_app/web/static/favicon.svg"
html_copy_source = False
html_show_copyright = False
html_search_scorer = str(Path(__file__).with_name("search_scores.js"))


def add_navigation(_: Sphinx, document: str, source: list[str]) -> None:
    """Add the navigation to the first page, and its chapters to a document that has some."""
    if document == root_doc:
        for caption, documents in NAVIGATION.items():
            source[0] += format_toctree(f":caption: {caption}", *(f"/{name}" for name in documents))
    elif document in CHAPTERS:
        source[0] += format_toctree(":glob:", CHAPTERS[document])


def format_toctree(option: str, *entries: str) -> str:
    """Return a list of documents, for the sidebar only, in the syntax of MyST."""
    return "\n".join(("", "```{toctree}", ":hidden:", option, "", *entries, "```", ""))


def mend_signature(*event: object) -> tuple[str, object] | None:
    """Return a signature that Sphinx can parse, and its result, or None without a signature.

    msgspec shows a default factory as `<factory>`, which is not Python, and a protocol has a
    constructor `(*args, **kwargs)` that nobody calls.
    """
    signature, returned = event[-2:]
    if not isinstance(signature, str):
        return None
    return signature.replace("(*args, **kwargs)", "").replace("<factory>", "..."), returned


def skip_alias(*event: object) -> bool | None:
    """Return True for a field of a named tuple without a docstring of its own, otherwise None."""
    member = event[3]
    return str(getattr(member, "__doc__", "")).startswith("Alias for field number") or None


def setup(app: Sphinx) -> None:
    """Connect the functions above. Sphinx calls this."""
    app.connect("source-read", add_navigation)
    app.connect("autodoc-process-signature", mend_signature)
    app.connect("autodoc-skip-member", skip_alias)
