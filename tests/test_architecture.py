"""The layout of the code: docstrings, and layers of modules and packages."""

import ast
import sys
from configparser import ConfigParser, SectionProxy
from functools import cache
from pathlib import Path
from types import FrameType

import pytest
from flask.testing import FlaskClient

from tests.conftest import ROOT

pytestmark = pytest.mark.slow

MODULES = sorted(path for side in ("indexer", "search_app") for path in (ROOT / side).rglob("*.py"))


def dotted(folder: Path) -> str:
    return ".".join(folder.relative_to(ROOT).parts)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_a_module_has_a_summary() -> None:
    summaries = {path: (ast.get_docstring(tree(path)) or "").partition("\n")[0] for path in MODULES}
    assert [path for path in MODULES if not summaries[path].endswith((".", ":"))] == []


def contracts() -> list[SectionProxy]:
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    return [
        part
        for name, part in setup.items()
        if name.startswith("importlinter:contract") and "containers" in part
    ]


def layers(container: str) -> dict[str, int]:
    contract = next(part for part in contracts() if part["containers"] == container)
    lines = contract["layers"].strip().replace(" ", "").split("\n")
    return {
        f"{container}.{part}": height
        for height, line in enumerate(reversed(lines))
        for part in line.split("|")
    }


def test_every_package_is_in_a_contract() -> None:
    placed = {part for contract in contracts() for part in layers(contract["containers"])}
    packages = {dotted(path.parent) for path in MODULES if path.name == "__init__.py"}
    assert packages - placed == {"indexer", "search_app"}


def part_of(module: str, heights: dict[str, int]) -> str | None:
    return next((part for part in heights if f"{module}.".startswith(f"{part}.")), None)


class Calls:
    """A profiler that records calls from a lower layer of a container to a higher one.

    Calls through a protocol or a callback of the lower layer do not count.
    `seams` contains the names, or prefixes of names, of their targets or of their callers.
    """

    def __init__(self, heights: dict[str, int], seams: tuple[str, ...]) -> None:
        self.heights, self.seams = heights, seams
        self.visited: set[str] = set()
        self.upwards: set[tuple[str, str]] = set()

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        """Inspect a call: see `sys.setprofile`."""
        if event != "call" or frame.f_back is None:
            return
        caller, called = (
            part_of(str(each.f_globals.get("__name__")), self.heights)
            for each in (frame.f_back, frame)
        )
        if called is None:
            return
        self.visited.add(called)
        name = f"{called}.{frame.f_code.co_qualname}"
        by = f"{caller}.{frame.f_back.f_code.co_qualname}"
        if caller is None or any(each.startswith(self.seams) for each in (name, by)):
            return
        if self.heights[caller] < self.heights[called]:
            self.upwards.add((caller, name))


def traced(client: FlaskClient, heights: dict[str, int], seams: tuple[str, ...]) -> Calls:
    """Return the calls of real searches: a page, explanations, no hits, and suggestions."""
    calls = Calls(heights, seams)
    sys.setprofile(calls)
    try:
        for path in TRACED:
            assert client.get(path).status_code == 200
    finally:
        sys.setprofile(None)
    return calls


TRACED = (
    "/?q=organ+removal&region=Africa&explain=1",
    "/?q=convntion+kenya",
    "/api/search?q=police+OR+court+year:2010..",
    "/api/suggest?q=traf",
    "/publication/global-report-on-trafficking-in-persons-2018",
)
SEAMS = (
    "search_app.engine.arrays.",  # Store and Reply
    "search_app.engine.snapshot.",  # Vocabulary
    "search_app.engine.interpretation.EntityLinker.",  # EntityRecognizer
    "search_app.engine.interpretation.ValueNames.",  # EntityRecognizer
    "search_app.engine.explain.Explainer._find_leaf",  # the callback of `evaluate`
    "search_app.engine.admission.AdmissionControl.",  # the callback that pauses a search
)
"""Names that are called, or that call, through the protocol or callback in the comment."""


@pytest.mark.parametrize(
    ("container", "seams"),
    [
        ("search_app", ("search_app.web.register.<locals>.collect",)),  # Engine.on_search
        ("search_app.engine", SEAMS),
    ],
)
def test_a_search_calls_no_higher_layer(
    container: str, seams: tuple[str, ...], client: FlaskClient
) -> None:
    calls = traced(client, layers(container), seams)
    assert len(calls.visited) > 4
    assert calls.upwards == set()


def test_a_call_to_a_higher_layer_is_detected(client: FlaskClient) -> None:
    upside_down = {part: -height for part, height in layers("search_app.engine").items()}
    assert traced(client, upside_down, SEAMS).upwards
