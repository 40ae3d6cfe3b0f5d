"""Write the lists in the documents that the program knows: modules, kinds, roles, and formats."""

import ast
import re
from pathlib import Path
from textwrap import wrap
from typing import get_args

from indexer.catalogue.fields import FieldKind, Role
from indexer.readers.registry import load_readers

_ROOT = Path(__file__).parents[1]
_WIDTH = 110
_FORMATS = re.compile(r"^\| format \| files \|.*\n(?:\|.*\n)+", re.MULTILINE)
"""The table of the formats that are read, in docs/import.md."""
MODULES_PAGE = _ROOT / "docs" / "modules.md"
_MODULES_HEADING = """\
# Modules

The packages and modules of the program, by the first lines of their docstrings.
[architecture.md](architecture.md) explains how they work together.
`.venv/bin/python -m tools.documented_lists` writes this page."""


def update(corpus_readme: str, import_page: str) -> tuple[str, str]:
    """Return the texts of corpus/README.md and docs/import.md with the lists of the program."""
    for start, names in (("kinds", get_args(FieldKind)), ("roles", get_args(Role))):
        listed = ", ".join(f"`{name}`" for name in names)
        paragraph = re.search(rf"These are the {start}: .*?(?=\n\n)", corpus_readme, re.DOTALL)
        assert paragraph, f"corpus/README.md has no list of {start}"
        _, _, rest = " ".join(paragraph[0].split()).partition(". ")
        lines = wrap(f"These are the {start}: {listed}. {rest}", _WIDTH, break_on_hyphens=False)
        corpus_readme = corpus_readme.replace(paragraph[0], "\n".join(lines))
    for reader in load_readers():
        fields = ", ".join(reader.FIELDS) or "by headings and values"
        line = re.compile(rf"^(\| `{re.escape(reader.NAME)}` \|.* \|) [^|]* \|$", re.MULTILINE)
        import_page, count = line.subn(rf"\1 {fields} |", import_page)
        if not count:  # a new format, whose files and example are to be described
            files = ", ".join(reader.SUFFIXES) or "files of any name"
            row = f"| `{reader.NAME}` | {files} | an example | {fields} |"
            table = _FORMATS.search(import_page)
            assert table, "docs/import.md has no table of formats"
            import_page = f"{import_page[: table.end()]}{row}\n{import_page[table.end() :]}"
    return corpus_readme, import_page


def list_modules() -> str:
    """Return the text of docs/modules.md: the first line of each module of both packages."""
    lines = [_MODULES_HEADING]
    for package in ("indexer", "search_app"):
        folder = _ROOT / package
        for path in sorted(folder.rglob("*.py"), key=lambda path: (path.parent, path.name)):
            docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            summary = docstring.partition("\n")[0].rstrip(".:")
            if path.name == "__init__.py":
                lines.append(f"\n**`{path.parent.relative_to(_ROOT)}/`** {summary}\n")
            else:
                lines.append(f"- `{path.name}`: {summary}")
    return "\n".join([*lines, ""])


def main() -> None:
    """Rewrite the documents."""
    paths = (_ROOT / "corpus" / "README.md", _ROOT / "docs" / "import.md")
    updated = update(*(path.read_text(encoding="utf-8") for path in paths))
    for path, text in zip(paths, updated, strict=True):
        path.write_text(text, encoding="utf-8")
    MODULES_PAGE.write_text(list_modules(), encoding="utf-8")


if __name__ == "__main__":
    main()
