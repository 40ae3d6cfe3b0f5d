"""The layout of the code: every module says what it is, every package has a place."""

from __future__ import annotations

import ast
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.conftest import ROOT

MODULES = sorted(path for side in ("indexer", "search_app") for path in (ROOT / side).rglob("*.py"))


def dotted(folder: Path) -> str:
    """The import path of a package."""
    return ".".join(folder.relative_to(ROOT).parts)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_begins_with_what_it_is(path: Path) -> None:
    """The first line of a module is one line that says what it is."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert text
    assert text.splitlines()[0].endswith((".", ":"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_has_at_most_300_lines(path: Path) -> None:
    """No module of the program is longer than a person reads in one go."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


def test_every_package_has_a_place_in_the_contracts() -> None:
    """A package is a layer of an import contract."""
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    contracts = [part for name, part in setup.items() if name.startswith("importlinter:contract")]
    placed = {
        f"{contract['containers']}.{layer}"
        for contract in contracts
        if "containers" in contract
        for line in contract["layers"].split("\n")
        for layer in line.replace(" ", "").split("|")
    }
    packages = {dotted(path.parent) for path in MODULES if path.name == "__init__.py"}
    assert packages - placed == {"indexer", "search_app"}
