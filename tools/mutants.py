"""Measure the tests by mutants: change one place of the code, and run the tests beside it.

`python -m tools.mutants --seed 1 --number 300 [PATH ...]` draws lines at random, changes one place
in each, and runs the tests of the mirrored folder. A mutant that passes all of them shows a missing
test, or code that is not needed. `equivalent_mutants.toml` lists those that behave as the original
does, with the reason. Modules for a cluster are left out: their tests need nodes.
"""

import argparse
import ast
import difflib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import NamedTuple

import msgspec

ROOT = Path(__file__).parents[1]
PACKAGES = ("indexer", "search_app")
NEEDS_NODES = (
    "indexer/cluster/", "indexer/jobs/cluster_location.py", "search_app/engine/cluster_index.py",
    "search_app/engine/opensearch/",
)  # fmt: skip
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.toml")
PYTEST = (
    "-x", "-q", "-m", "not thorough and not browser and not opensearch", "-p", "no:cacheprovider",
    "--hypothesis-profile=fast", "--no-header", "--tb=no", "-o", "addopts=",
    "--disable-plugin-autoload", "-p", "hypothesispytest", "-p", "xdist", "-p", "pytest_cov",
)  # fmt: skip
PATIENCE = 5
"""A mutant is caught if its tests take this many times as long as usual, and MIN_SECONDS more."""
MIN_SECONDS = 30

_COMPARISONS = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is",
}  # fmt: skip
_OPERATORS = {
    ast.Add: "-", ast.Sub: "+", ast.Mult: "+", ast.FloorDiv: "*", ast.Div: "*", ast.Mod: "*",
    ast.BitAnd: "|", ast.BitOr: "&", ast.LShift: ">>", ast.RShift: "<<",
}  # fmt: skip
_OF_TYPES = {
    "dict", "list", "set", "tuple", "deque", "defaultdict", "Counter", "Cache", "Callable",
    "Literal", "frozen",
}  # fmt: skip
"""What only a type checker reads: arguments of generic types, and whether a struct is frozen."""
_REFINING = {
    "strip", "lstrip", "rstrip", "lower", "casefold", "replace", "removeprefix", "removesuffix",
    "clip", "copy", "astype", "encode",
}  # fmt: skip
"""Methods that return a refined form of what they are called on. A mutant leaves it as it is."""
_TWINS = {"max": "min", "min": "max", "any": "all", "all": "any"}


class Mutant(NamedTuple):
    """A change of one place of a file: `old` at an offset in characters becomes `new`."""

    path: str
    kind: str
    offset: int
    old: str
    new: str

    def apply(self, source: str) -> str:
        """Return the changed source."""
        return source[: self.offset] + self.new + source[self.offset + len(self.old) :]


class _Finder(ast.NodeVisitor):
    """Finds the mutants of a file."""

    def __init__(self, path: str, source: str) -> None:
        self._path, self._source = path, source
        self._lines = source.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))
        self.found = list[Mutant]()
        self.visit(ast.parse(source))

    def _add(self, kind: str, node: ast.expr | ast.stmt, new: str) -> None:
        begin = self._offset(node.lineno, node.col_offset)
        end = self._offset(node.end_lineno or 0, node.end_col_offset or 0)
        old = self._source[begin:end]
        if old != new:
            self.found.append(Mutant(self._path, kind, begin, old, new))

    def _offset(self, line: int, column: int) -> int:
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())

    def _text(self, node: ast.expr | ast.stmt) -> str:
        begin = self._offset(node.lineno, node.col_offset)
        return self._source[begin : self._offset(node.end_lineno or 0, node.end_col_offset or 0)]

    def _replace_between(self, kind: str, left: ast.expr, right: ast.expr, new: str) -> None:
        """Replace the operator between two operands."""
        begin = self._offset(left.end_lineno or 0, left.end_col_offset or 0)
        end = self._offset(right.lineno, right.col_offset)
        between = self._source[begin:end]
        if "#" in between or "\n" in between:
            return
        closed = len(between) - len(between.lstrip(" )"))
        opened = len(between) - len(between.rstrip(" ("))
        old = between[closed : len(between) - opened]
        if old:
            self.found.append(Mutant(self._path, kind, begin + closed, old, new))

    def visit_Compare(self, node: ast.Compare) -> None:
        operands = [node.left, *node.comparators]
        for index, operator in enumerate(node.ops):
            new = _COMPARISONS[type(operator)]
            self._replace_between("comparison", operands[index], operands[index + 1], new)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if new := _OPERATORS.get(type(node.op)):
            self._replace_between("operator", node.left, node.right, new)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        new = "or" if isinstance(node.op, ast.And) else "and"
        self._replace_between("operator", node.values[0], node.values[1], new)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            self._add("condition", node, f"bool({self._text(node.operand)})")
        self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        if self._text(node.test) != "TYPE_CHECKING":
            self._negate(node.test)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._negate(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self._negate(test)
        self.generic_visit(node)

    def _negate(self, test: ast.expr) -> None:
        if not isinstance(test, ast.Compare | ast.UnaryOp | ast.NamedExpr):
            self._add("condition", test, f"(not ({self._text(test)}))")

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, bool):
            self._add("constant", node, str(not value))
        elif isinstance(value, int | float):
            self._add("constant", node, repr(value + 1))
        elif isinstance(value, str) and self._text(node)[:1] in {'"', "'"}:
            if value and " " not in value:  # a sentence is for readers
                self._add("constant", node, repr(f"{value}~"))
            elif not value:
                self._add("constant", node, '"~"')

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Visit the values of an f-string, where Python 3.11 gives their places correctly."""
        for part in node.values:
            value = getattr(part, "value", None)
            if isinstance(value, ast.expr) and _is_code(self._text(value), value):
                self.visit(value)

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in _TWINS:
            self._add("twin", node.func, _TWINS[name])
        if isinstance(node.func, ast.Attribute) and node.func.attr in _REFINING:
            self._add("call", node, self._text(node.func.value))
        elif name and len(node.args) == 1 and not isinstance(node.args[0], ast.Starred):
            self._add("call", node, f"({self._text(node.args[0])})")
        if len(node.args) > 1 and all(isinstance(each, ast.Name) for each in node.args[:2]):
            first, second = node.args[:2]
            begin = self._offset(first.lineno, first.col_offset)
            end = self._offset(second.end_lineno or 0, second.end_col_offset or 0)
            swapped = f"{self._text(second)}, {self._text(first)}"
            old = self._source[begin:end]
            self.found.append(Mutant(self._path, "arguments", begin, old, swapped))
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Call):
            self._add("call", node, "None")
            self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._visit_function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._visit_function(node)

    def _visit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for default in [*node.args.defaults, *node.args.kw_defaults]:
            if default:
                self.visit(default)
        for statement in node.body:
            self.visit(statement)

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg not in _OF_TYPES:
            self.visit(node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self.visit(node.value)

    def visit_Assert(self, node: ast.Assert) -> None:
        """Leave out what tells only mypy."""

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if self._text(node.value) not in _OF_TYPES:
            self.generic_visit(node)


def _is_code(text: str, node: ast.expr) -> bool:
    """Return whether a text is the source of a node."""
    with suppress(SyntaxError):
        return ast.dump(ast.parse(f"({text})", mode="eval").body) == ast.dump(node)
    return False


def find_mutants(path: str) -> list[Mutant]:
    """Return the mutants of a file."""
    return _Finder(path, (ROOT / path).read_text()).found


def draw(paths: Sequence[str], number: int, seed: int) -> list[Mutant]:
    """Return one mutant of each of some lines, which are drawn from the modules at `paths`."""
    by_line = defaultdict[tuple[str, int], list[Mutant]](list)
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            path = file.relative_to(ROOT).as_posix()
            if path.startswith(NEEDS_NODES) or (paths and not path.startswith(tuple(paths))):
                continue
            source = file.read_text()
            for mutant in find_mutants(path):
                by_line[path, source.count("\n", 0, mutant.offset)].append(mutant)
    chosen = random.Random(seed)  # nosec B311: a sample that can be drawn again
    lines = chosen.sample(sorted(by_line), min(number, len(by_line)))
    return [chosen.choice(by_line[line]) for line in lines]


def list_tests(path: str, root: Path = ROOT) -> list[str]:
    """Return the tests beside a module, those that name it first.

    They are in the folder of `tests` that mirrors its package, which is a folder in `indexer` or
    `search_app`. The modules beside those folders have theirs beside the tests of packages.
    """
    parts, stem = Path(path).parts, Path(path).stem
    is_in_package = len(parts) > 2
    folder = root.joinpath("tests", *parts[: 1 + is_in_package])
    module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    files = folder.rglob("test_*.py") if is_in_package else folder.glob("test_*.py")

    def is_far(file: Path) -> tuple[bool, bool]:
        parent, _, name = module.rpartition(".")
        text = file.read_text()
        named = f"from {module} import" in text or f"from {parent} import {name}" in text
        return stem not in file.stem, not named

    return [file.relative_to(root).as_posix() for file in sorted(files, key=is_far)]


def run_tests(tests: Sequence[str], folder: Path, seconds: float | None) -> tuple[bool, float]:
    """Return whether tests pass in a copy of the project, and the seconds that they took."""
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *PYTEST, *tests],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        passed = process.wait(seconds) == 0
    except subprocess.TimeoutExpired:
        passed = False
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return passed, time.monotonic() - started


def copy_project(folder: Path) -> None:
    """Copy the files of this checkout that git does not ignore, and what lies beside it."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.check_output(listed, cwd=ROOT, text=True).split("\0"):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    if (shared := ROOT.parent / "shared").is_dir():
        (folder.parent / "shared").symlink_to(shared)


def try_mutant(mutant: Mutant, folder: Path, usual: float) -> tuple[bool, float]:
    """Return whether the tests notice a mutant, and the seconds that they took."""
    file = folder / mutant.path
    source, times = file.read_text(), file.stat()
    file.write_text(mutant.apply(source))
    try:
        passed, seconds = run_tests(list_tests(mutant.path), folder, MIN_SECONDS + PATIENCE * usual)
        return not passed, seconds
    finally:
        file.write_text(source)
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def describe(mutant: Mutant) -> Iterator[str]:
    """Yield the lines that a mutant changes, before and after."""
    source = (ROOT / mutant.path).read_text()
    before, after = source.splitlines(), mutant.apply(source).splitlines()
    yield f"{mutant.path}:{source.count(chr(10), 0, mutant.offset) + 1} ({mutant.kind})"
    for line in difflib.ndiff(before, after):
        if line[:1] in {"-", "+"}:
            yield f"    {line[0]} {line[2:].strip()}"


def read_equivalent() -> set[tuple[str, str]]:
    """Return the path and the changed line of each mutant that is known to be equivalent."""
    entries = msgspec.toml.decode(EQUIVALENT.read_bytes())["mutant"]
    return {(entry["path"], entry["line"]) for entry in entries}


def main() -> None:
    """Print what the tests beside the code notice."""
    parser = argparse.ArgumentParser(description="Measure the tests by mutants of the code.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--number", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("paths", nargs="*")
    options = parser.parse_args()
    equivalent = read_equivalent()
    mutants = draw(options.paths, options.number, options.seed)
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    with TemporaryDirectory() as name, ThreadPoolExecutor(options.jobs) as pool:
        folders, usual = SimpleQueue[Path](), dict[tuple[str, ...], float]()
        for number in range(options.jobs):
            folder = Path(name) / str(number) / "project"
            folder.mkdir(parents=True)
            copy_project(folder)
            folders.put(folder)

        def measure(tests: tuple[str, ...]) -> None:
            folder = folders.get()
            passed, usual[tests] = run_tests(tests, folder, None)
            folders.put(folder)
            if not passed:
                sys.exit(f"The tests fail without a mutant: {' '.join(tests)}")

        def attempt(mutant: Mutant) -> tuple[Mutant, bool, float]:
            folder = folders.get()
            try:
                return mutant, *try_mutant(mutant, folder, usual[key(mutant)])
            finally:
                folders.put(folder)

        def key(mutant: Mutant) -> tuple[str, ...]:
            return tuple(sorted(list_tests(mutant.path)))

        list(pool.map(measure, {key(mutant) for mutant in mutants}))
        for mutant, caught, seconds in pool.map(attempt, mutants):
            lines = [*describe(mutant)]
            is_equivalent = (mutant.path, lines[-1].strip()[2:]) in equivalent
            package = "/".join(mutant.path.split("/")[:2]).removesuffix(".py")
            outcome = "caught" if caught else "equivalent" if is_equivalent else "survived"
            outcomes[package][outcome] += 1
            if outcome == "survived":
                print(f"survived in {seconds:.0f} s:", *lines, sep="\n  ", flush=True)
    total = Counter[str]()
    for package, counts in sorted(outcomes.items()):
        total += counts
        print(_format_share(package, counts))
    print(_format_share("all", total))


def _format_share(name: str, counts: Counter[str]) -> str:
    caught, tried = counts["caught"], counts["caught"] + counts["survived"]
    share = caught / max(tried, 1)
    return f"{name}: {caught} of {tried} ({share:.0%}), {counts['equivalent']} equivalent"


if __name__ == "__main__":
    main()
