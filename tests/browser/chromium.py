"""The browser of the tests: locate an installed one, or install the one of Debian.

`make test` runs `python -m tests.browser.chromium`. It always exits with 0. Without a browser, the
browser tests report that themselves.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
APPLICATIONS = (
    "Chromium.app/Contents/MacOS/Chromium",
    "Google Chrome.app/Contents/MacOS/Google Chrome",
)
# They cover Arabic, Devanagari, and Chinese, which screenshots need.
FONTS = ("fonts-noto-core", "fonts-wqy-microhei")
CONVERTERS = ("bibutils",)
"""Independent readers of exported files, for tests/search_app/export."""
SETTING = "PUBSEARCH_CHROMIUM"


def find() -> Path | None:
    """Return the first Chromium or Chrome that runs.

    If PUBSEARCH_CHROMIUM is set, try only that one.
    """
    named = os.environ.get(SETTING)
    candidates = [Path(named)] if named else list(_usual_places())
    return next((path for path in candidates if _runs(path)), None)


def why_none() -> str:
    """Return the message for users if `find` returns None."""
    named = os.environ.get(SETTING)
    if named:
        return (
            f"the browser tests did not run: {SETTING} is {named!r}, which is no browser that runs"
        )
    return (
        "the browser tests did not run: no Chromium or Chrome was found. "
        f"Install one, or name it in {SETTING}"
    )


def _usual_places() -> Iterator[Path]:
    for name in NAMES:
        if found := shutil.which(name):
            yield Path(found)
    for folder in (Path("/Applications"), Path.home() / "Applications"):
        yield from (folder / application for application in APPLICATIONS)


def _runs(path: Path) -> bool:
    """Return whether a file is a Chromium that prints its version.

    On Ubuntu the file may be a placeholder for the snap.
    """
    try:
        result = subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return result.returncode == 0 and b"Chrom" in result.stdout


def _is_debian() -> bool:
    """Return whether this is Debian or a derivative.

    Ubuntu does not count, as its chromium package contains no browser.
    """
    try:
        lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    result = dict(line.split("=", 1) for line in lines if "=" in line)
    kinds = f"{result.get('ID', '')} {result.get('ID_LIKE', '')}".replace('"', "").split()
    return "debian" in kinds and "ubuntu" not in kinds


def _is_installed(package: str) -> bool:
    result = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Status}", package],
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout.endswith(" installed")


def install() -> None:
    """Install a missing browser, and missing fonts and converters, on Debian and as root."""
    if not _is_debian() or os.geteuid() != 0:
        return
    wanted = [package for package in (*FONTS, *CONVERTERS) if not _is_installed(package)]
    if find() is None and not os.environ.get(SETTING):
        wanted.append("chromium")
    if not wanted:
        return
    print(f"Installing {', '.join(wanted)} ...", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    for command in (["update"], ["install", "-y", "--no-install-recommends", *wanted]):
        # A partly updated list of packages may be enough.
        if subprocess.run(
            [*apt, *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=False,
        ).returncode:
            print(f"apt-get {command[0]} failed; going on without", file=sys.stderr)


if __name__ == "__main__":
    install()
    if find() is None:
        print(why_none(), file=sys.stderr)
