"""Create the environment in .venv from requirements.lock.

`environment.py serve` installs the packages for serving. `environment.py semantic` adds semantic
search, `environment.py test` adds the tests, and `environment.py bench` adds the benchmarks and the
other engines. `environment.py pdf` adds the extra `pdf` of setup.cfg, as does the name of any other
extra. Rebuilding the environment installs its extras again.

make runs it with any Python from 3.11 on and without installed packages. A part of the environment
is complete only if its stamp, which is written last, contains the fingerprint of everything it was
made from. Otherwise it is installed again.
"""

import configparser
import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent
VENV = HOUSE / ".venv"
LOCK = HOUSE / "requirements.lock"
PARTS = ("serve", "semantic", "test", "bench")
"""The parts of the environment and of the lock, in order. Each part needs the parts before it."""
DIVIDERS = {
    "semantic": "# ---- what follows is needed by the meaning only ----\n",
    "test": "# ---- what follows is needed by the tests only ----\n",
    "bench": "# ---- what follows is needed by the benchmarks only ----\n",
    "extras": "# ---- what follows is needed by the other extras only ----\n",
}
"""The line that begins each part of the lock except the first, and the packages of no part."""


def read_setup() -> configparser.ConfigParser:
    """Return the content of setup.cfg."""
    setup = configparser.ConfigParser(interpolation=None)
    setup.read(HOUSE / "setup.cfg", encoding="utf-8")
    return setup


def fingerprint(lock: str, setup: configparser.ConfigParser) -> str:
    """Return everything that determines the content and the place of the environment, as a line."""
    # The file also contains settings of pytest, mypy, and other tools, which install nothing.
    installing = {
        name: dict(setup[name])
        for name in setup.sections()
        if name.split(".")[0] in ("metadata", "options")
    }
    build = (HOUSE / "pyproject.toml").read_text(encoding="utf-8")
    made_from = repr((lock, sorted(installing.items()), build))
    digest = hashlib.sha256(made_from.encode()).hexdigest()
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{python} {platform.machine()} {digest} {VENV}\n"


def is_made(part: str, wanted: str) -> bool:
    """Return whether the part has a current stamp and its interpreter runs."""
    try:
        if stamp(part).read_text(encoding="utf-8") != wanted:
            return False
    except OSError:
        return False
    python = VENV / "bin" / "python"
    return python.exists() and subprocess.run([python, "-c", ""], check=False).returncode == 0


def stamp(part: str) -> Path:
    """Return the file that marks a part as complete."""
    return VENV / f"made-{part}"


def pip(*arguments: str | Path) -> None:
    """Run the pip of the environment."""
    options = ("--disable-pip-version-check", "--no-input")
    python = VENV / "bin" / "python"
    subprocess.run([python, "-m", "pip", *options, *arguments], check=True, cwd=HOUSE)


def install(part: str, requirements: str) -> None:
    """Install exactly the pinned packages, and check each against its hash."""
    listed = VENV / f"{part}.txt"
    listed.write_text(requirements, encoding="utf-8")
    pip("install", "--quiet", "--require-hashes", "--no-deps", "--prefer-binary", "-r", listed)


def install_extra(requirements: str) -> None:
    """Install the packages of an extra and what they need, as pinned, and check their hashes."""
    packages = [line for line in requirements.splitlines() if line]
    pip(
        "install", "--quiet", "--require-hashes", "--prefer-binary", "--constraint", LOCK, *packages
    )


def make_venv() -> None:
    """Create a new, empty environment. Replace an existing one."""
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        sys.exit(
            f"{sys.executable} has no venv module, so no environment can be made.\n"
            "On Debian and Ubuntu: apt install python3-venv"
        )
    version = platform.python_version()
    print(f"Making the environment in .venv with Python {version} ...", flush=True)
    if VENV.is_symlink() or VENV.is_file():
        VENV.unlink()
    elif VENV.exists():
        shutil.rmtree(VENV)
    # In an environment, perhaps the one just removed, use the Python that created it.
    python = getattr(sys, "_base_executable", sys.executable)
    subprocess.run([python, "-m", "venv", VENV], check=True)


def parted(lock: str) -> dict[str, str]:
    """Return the packages of the lock by part. Exit if a part is missing."""
    packages, rest = {}, lock
    for part, following in pairwise((*PARTS, "extras")):
        packages[part], found, rest = rest.partition(DIVIDERS[following])
        if not found:
            sys.exit(
                f"requirements.lock has no line where the part for {following} begins: "
                "make it anew with `make lock`"
            )
    return packages


def main(last: str) -> None:
    """Install the missing parts of the environment, up to `last`, which may also be an extra."""
    lock, setup = LOCK.read_text(encoding="utf-8"), read_setup()
    packages = parted(lock)
    known = {
        name: listed
        for name, listed in setup["options.extras_require"].items()
        if name not in PARTS
    }
    if last not in PARTS and last not in known:
        sys.exit(f"There is no extra {last!r}. The extras are: {', '.join(known)}")
    extras = [name for name in known if name == last or stamp(name).exists()]
    parts = PARTS[1 : PARTS.index(last) + 1] if last in PARTS else ()
    wanted = fingerprint(lock, setup)
    if not is_made("serve", wanted):
        make_venv()
        install("serve", packages["serve"])
        pip("install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", ".")
        stamp("serve").write_text(wanted, encoding="utf-8")
    for part in (*parts, *extras):
        if not is_made(part, wanted):
            print(f"Installing what {part} needs ...", flush=True)
            if part in PARTS:
                install(part, packages[part])
            else:
                install_extra(known[part])
            pip("check")
            stamp(part).write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    # Settings for other programs must not change the place of the installation.
    for name in (
        "PYTHONHOME",
        "PYTHONPATH",
        "PIP_TARGET",
        "PIP_PREFIX",
        "PIP_USER",
        "PIP_REQUIRE_VIRTUALENV",
    ):
        os.environ.pop(name, None)
    try:
        main(sys.argv[1])
    except subprocess.CalledProcessError as problem:
        sys.exit(f"The environment is not complete: this failed: {' '.join(map(str, problem.cmd))}")
