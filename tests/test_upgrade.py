"""deploy/install replaces a release under a running server: no request fails, nothing is lost."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.wheels import FILES, from_wheels, get_wheels

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.thorough
CLIENTS, REQUESTS = 3, 1000
STATIC = re.compile(r'"(/static/[^"]+)"')
OTHERS = ("/api/search?q=law", "/api/suggest?q=la", "/healthz")
"""URLs that clients request in addition to pages and static files."""


class Place:
    """A folder with checkouts of two versions, the wheels they need, and the link to a release."""

    def __init__(self, folder: Path, wheels: Path) -> None:
        self.target, self.wheels = folder / "pubsearch", wheels
        self.old, self.new = folder / "old", folder / "new"
        for checkout in (self.old, self.new):
            for name in ("deploy", "indexer", "search_app"):
                shutil.copytree(
                    ROOT / name, checkout / name, ignore=shutil.ignore_patterns("*.pyc")
                )
            for name in FILES:
                shutil.copyfile(ROOT / name, checkout / name)
        setup = self.new / "setup.cfg"
        setup.write_text(setup.read_text().replace("\nversion = ", "\nversion = 9."))
        # The new version has another style, and lacks a script.
        web = self.new / "search_app" / "web"
        (web / "static" / "print.js").unlink()
        (web / "static" / "style.css").write_text("body { color: black }")
        links = web / "templates" / "_static.html"
        lines = links.read_text().splitlines(keepends=True)
        links.write_text("".join(line for line in lines if "print.js" not in line))

    def command(self, checkout: Path, *options: str) -> list[str]:
        return [sys.executable, str(checkout / "deploy" / "install"), *options, str(self.target)]

    def install(self, checkout: Path, *options: str) -> None:
        subprocess.run(self.command(checkout, *options), env=from_wheels(self.wheels), check=True)

    def return_to_old(self) -> None:
        """Install the old version, unless it is the current one."""
        if self.version().startswith("9."):
            self.install(self.old)

    def version(self) -> str:
        return self.target.resolve().name


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place(tmp_path_factory.mktemp("upgrade"), get_wheels(tmp_path_factory))
    place.install(place.old)
    return place


class Service:
    """The server as systemd runs it: the socket stays open while the process is restarted."""

    def __init__(self, place: Place, index: Path) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=1000)
        self.port: int = self.listening.getsockname()[1]
        unit = (ROOT / "deploy" / "pubsearch@.service").read_text(encoding="utf-8")
        (started,) = re.findall(r"^ExecStart=(.+)$", unit, re.MULTILINE)
        self.command = started.replace("/opt/pubsearch", str(place.target)).split()
        self.environment = {**os.environ, "PUBSEARCH_INDEX": str(index)}
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        number = self.listening.fileno()
        return subprocess.Popen(
            [*self.command, "--workers", "2", "--bind", f"fd://{number}"],
            env=self.environment, pass_fds=[number], start_new_session=True, cwd="/",
            stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()

    def restart(self) -> None:
        self.stop()
        self.process = self._start()

    def get(self, path: str) -> bytes:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=300)
        try:
            connection.request("GET", path, headers={"Connection": "close"})
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise HTTPException(f"{answer.status} for {path}")
        return body

    def files(self) -> dict[str, bytes]:
        return {path: self.get(path) for path in STATIC.findall(self.get("/?q=law").decode())}


@contextmanager
def serving(place: Place, index: Path) -> Iterator[Service]:
    service = Service(place, index)
    try:
        service.get("/healthz")
        yield service
    finally:
        service.stop()
        service.listening.close()


class Load:
    """Clients that request pages, their files, those of an old page, and OTHERS all the time."""

    def __init__(self, service: Service) -> None:
        self.service, self.former = service, service.files()
        self.ended = Event()
        self.failed: list[str] = []
        self.count = 0
        self.threads = [Thread(target=self._read, args=(seed,)) for seed in range(CLIENTS)]

    def _read(self, seed: int) -> None:
        choose = random.Random(seed)
        while not self.ended.wait(0.1):
            try:
                self.service.files()
                for path in choose.sample(sorted(self.former), 4):
                    if self.service.get(path) != self.former[path]:
                        self.failed.append(f"{path} has the body of another version")
                for path in OTHERS:
                    self.service.get(path)
            except (OSError, HTTPException) as error:
                self.failed.append(repr(error))
            self.count += 1 + len(self.former) + 4 + len(OTHERS)

    def __enter__(self) -> Load:
        for each in self.threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        for each in self.threads:
            each.join()

    def wait(self, count: int) -> None:
        """Wait until so many further requests have been answered."""
        end = self.count + count
        while self.count < end:
            time.sleep(0.05)


def test_no_request_fails_during_an_upgrade(place: Place, index: Path) -> None:
    """Pages and static files, also those of old pages, are served during an upgrade and after it.

    The same is true of the way back.
    """
    place.return_to_old()
    with serving(place, index) as service, Load(service) as load:
        load.wait(100)
        place.install(place.new)
        service.restart()
        load.wait(REQUESTS // 2)
        assert place.version().startswith("9.")
        assert service.files().keys() != load.former.keys()
        place.install(place.new, "--back")
        service.restart()
        load.wait(REQUESTS // 2)
        assert service.files() == load.former
        assert load.count >= REQUESTS
    assert load.failed == []


@pytest.mark.parametrize("fault", ["missing", "damaged"])
def test_a_failed_download_changes_nothing(
    place: Place, index: Path, tmp_path: Path, fault: str
) -> None:
    place.return_to_old()
    wheels = tmp_path / "wheels"
    shutil.copytree(place.wheels, wheels)
    (wheel,) = wheels.glob("limits-*.whl")
    wheel.unlink()
    if fault == "damaged":
        wheel.write_bytes(b"PK")
    (place.new / "README.md").write_text(fault, encoding="utf-8")  # so that no release is there
    current = place.target.resolve()
    others = {*current.parent.iterdir()}
    with serving(place, index) as service:
        files = service.files()
        failed = subprocess.run(
            place.command(place.new), env=from_wheels(wheels),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert failed.returncode == 1
        assert "Nothing has changed" in failed.stderr
        assert service.files() == files
        service.restart()
        assert service.files() == files
    assert place.target.resolve() == current
    assert {*current.parent.iterdir()} == others


@pytest.mark.parametrize(
    "stage", ["*/pyvenv.cfg", "*/lib/python3*/site-packages/flask", "*/complete"]
)
def test_a_kill_changes_nothing(place: Place, index: Path, stage: str) -> None:
    place.return_to_old()
    current = place.target.resolve()
    others = {*current.parent.glob(stage)}
    (place.new / "README.md").write_text(stage, encoding="utf-8")  # so that no release is there
    with serving(place, index) as service:
        files = service.files()
        process = subprocess.Popen(
            place.command(place.new), env=from_wheels(place.wheels), start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while not {*current.parent.glob(stage)} - others:
            assert process.poll() is None
            time.sleep(0.005)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert place.target.resolve() == current
        service.restart()
        assert service.files() == files
    if stage == "*/complete":
        place.install(place.new)
        assert place.version().startswith("9.")


def test_a_full_disk_changes_nothing(place: Place, index: Path) -> None:
    """An installation that can write only so much ends with an error and changes nothing."""
    place.return_to_old()
    current = place.target.resolve()
    others = {*current.parent.iterdir()}
    (place.new / "README.md").write_text("full", encoding="utf-8")  # so that no release is there
    failed = subprocess.run(
        ["sh", "-c", 'ulimit -f 1000; exec "$@"', "sh", *place.command(place.new)],
        env=from_wheels(place.wheels), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert failed.returncode == 1
    assert "Nothing has changed" in failed.stderr
    assert place.target.resolve() == current
    assert {*current.parent.iterdir()} == others
    with serving(place, index) as service:
        assert service.files()


def test_an_environment_of_an_earlier_kind_is_not_touched(place: Place, tmp_path: Path) -> None:
    target = tmp_path / "pubsearch"
    target.mkdir()
    failed = subprocess.run(
        [sys.executable, place.new / "deploy" / "install", target],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert failed.returncode == 1
    assert "is not a link to a release" in failed.stderr
    assert [*tmp_path.iterdir()] == [target]
