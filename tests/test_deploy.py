"""The files of deploy/: all names in them exist, and services are hardened."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from indexer.cluster.connection import parse_address
from search_app import config, workers
from search_app.cli import commands
from search_app.cli.options import WITH_PROBLEMS
from tests.opensearch import program

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
FILES = sorted(file for file in DEPLOY.iterdir() if file.is_file())
UNITS = sorted(DEPLOY.glob("pubsearch*@.*"))
SERVICES = [file for file in UNITS if file.suffix == ".service"]
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
HARD = {
    "NoNewPrivileges": "yes", "CapabilityBoundingSet": "", "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes", "PrivateDevices": "yes", "PrivateNetwork": "yes",
    "PrivateTmp": "yes", "PrivateUsers": "yes", "ProtectClock": "yes",
    "ProtectControlGroups": "yes", "ProtectHome": "yes", "ProtectHostname": "yes",
    "ProtectKernelLogs": "yes", "ProtectKernelModules": "yes", "ProtectKernelTunables": "yes",
    "ProtectProc": "invisible", "ProtectSystem": "strict", "RestrictAddressFamilies": "AF_UNIX",
    "RestrictNamespaces": "yes", "RestrictRealtime": "yes", "RestrictSUIDSGID": "yes",
    "SystemCallArchitectures": "native",
}  # fmt: skip


def unit(file: Path) -> dict[str, list[tuple[str, str]]]:
    """Return the sections of a unit. A directive may occur several times."""
    sections: dict[str, list[tuple[str, str]]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        if header := re.fullmatch(r"\[(\w+)\]", line):
            sections[header[1]] = []
        elif "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            sections[list(sections)[-1]].append((name, value))
    return sections


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "python", "message"),
    [
        (["new/pubsearch", "unheard-of"], "", "There is no extra 'unheard-of'"),
        (["new/pubsearch", "--back"], "", "There is no other release than not installed"),
        (["new/pubsearch", "pdf", "--back"], "", "--back installs no extras"),
        (["new/pubsearch"], "no-such-python", "Nothing has changed"),
        (["new/pubsearch\x1b[2J"], "", "cannot be printed"),
        (["folder"], "", "folder is not a link to a release"),
        (["foreign"], "", "foreign is not a link to a release"),
        (["dangling"], "", "dangling is not a link to a release"),
    ],
)
def test_a_refused_installation_writes_nothing(
    arguments: list[str], python: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "foreign").symlink_to("folder")
    (tmp_path / "dangling").symlink_to("missing")
    before = sorted(tmp_path.rglob("*"))
    told = subprocess.run(
        [sys.executable, DEPLOY / "install", *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHON": python or sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode
    assert message in told.stderr
    assert "\x1b" not in told.stderr
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_setting_and_command_named_exists(file: Path) -> None:
    """Every name that starts with PUBSEARCH_ is a setting, and each `pubsearch NAME` a command."""
    text = file.read_text(encoding="utf-8")
    known = {f"PUBSEARCH_{name.upper()}" for name in config.list_help()}
    assert set(re.findall(r"\bPUBSEARCH_[A-Z_]+", text)) <= known
    named = re.findall(r"(?:bin/pubsearch|pubsearch pubsearch) (\w+)", text)
    assert set(named) <= set(commands.commands.commands)


def test_the_environment_is_valid() -> None:
    lines = (DEPLOY / "environment").read_text(encoding="utf-8").splitlines()
    stated = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    settings = config.load(environment=stated)
    assert settings.hosts == "catalogue.example.org"
    assert int(stated["WEB_CONCURRENCY"]) > 1


@pytest.mark.parametrize("file", SERVICES, ids=lambda file: file.name)
def test_services_are_hardened(file: Path) -> None:
    """Server and build have no network, no privileges, and write only to their own folders.

    They may take only so much memory and so many processes. A build may take only so much processor
    time and so long. systemd's default is no limit.
    """
    stated = unit(file)["Service"]
    assert HARD.items() <= dict(stated).items()
    limits = {"MemoryMax", "TasksMax"}
    if file.name == "pubsearch-build@.service":
        limits |= {"CPUQuota", "TimeoutStartSec"}
    assert limits <= dict(stated).keys()
    landlock = "landlock_create_ruleset landlock_add_rule landlock_restrict_self"
    reads_files = file.name == "pubsearch-build@.service"
    assert [value for name, value in stated if name == "SystemCallFilter"] == [
        "@system-service", *([landlock] if reads_files else []), "~@privileged @resources",
    ]  # fmt: skip


def test_a_build_with_a_cluster_has_network() -> None:
    """The build unit for a cluster has a network, which it has not by itself."""
    readme = (DEPLOY / "opensearch" / "README.md").read_text(encoding="utf-8")
    [added] = re.findall(r"^```ini\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    stated = dict(unit(DEPLOY / "pubsearch-build@.service")["Service"])
    hidden = {"PrivateNetwork": "yes", "RestrictAddressFamilies": "AF_UNIX"}
    assert hidden.items() <= stated.items()
    stated |= dict(line.split("=", 1) for line in added.splitlines())
    assert stated["PrivateNetwork"] == "no"
    assert "AF_INET" in stated["RestrictAddressFamilies"].split()


def test_only_the_build_can_write_to_the_index() -> None:
    """The server runs as another user than the build, and cannot write to the index.

    The index and the corpus are folders of the catalogue, which is the instance of the unit.
    """
    server = dict(unit(DEPLOY / "pubsearch@.service")["Service"])
    build = dict(unit(DEPLOY / "pubsearch-build@.service")["Service"])
    assert server["DynamicUser"] == "yes"
    assert server.keys().isdisjoint({"StateDirectory", "ReadWritePaths"})
    # No name of a catalogue makes the one of the other: systemd would run both as that user.
    assert server["User"] == "pubsearch_%i"
    assert build["User"] == "pubsearch-build"
    assert build["StateDirectory"] == "pubsearch/%i"
    folders = "PUBSEARCH_CORPUS=/srv/pubsearch/%i PUBSEARCH_INDEX=/var/lib/pubsearch/%i"
    for file in SERVICES:
        stated = unit(file)["Service"]
        assert ("Environment", folders) in stated
        names = [name for name, _ in stated]
        assert names.index("EnvironmentFile") > names.index("Environment")
    assert build["SuccessExitStatus"].split() == [str(WITH_PROBLEMS)]


def test_systemd_accepts_the_units_of_two_catalogues(tmp_path: Path) -> None:
    """Systemd reports no error in the units of any two catalogues.

    No two of their sockets, folders, and files of settings are the same.
    """
    analyze = shutil.which("systemd-analyze")
    if not analyze:
        pytest.skip("systemd-analyze is not installed")
    instances: list[list[tuple[str, str]]] = [[], []]
    for file in UNITS:
        text = file.read_text(encoding="utf-8")
        (tmp_path / file.name).write_text(text.replace("/opt/pubsearch/bin/", "/bin/true "))
        for name, own in zip(("catalogue", "reports-2"), instances, strict=True):
            for section in unit(file).values():
                own += [(key, value.replace("%i", name)) for key, value in section if "%i" in value]
    assert not set(instances[0]) & set(instances[1])
    assert {"ListenStream", "Environment", "EnvironmentFile", "StateDirectory"} <= {
        key for key, _ in instances[0]
    }
    names = [file.name.replace("@", f"@{name}") for file in UNITS for name in ("a", "reports-2")]
    done = subprocess.run(
        [analyze, "verify", "--man=no", *(tmp_path / name for name in names)],
        capture_output=True, text=True, check=False,
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "pubsearch" not in done.stderr  # a directive that systemd ignores


@pytest.mark.parametrize("name", ["pubsearch@.service", "Dockerfile"])
@pytest.mark.slow
def test_the_server_has_valid_options(name: str) -> None:
    gunicorn = Path(sys.executable).parent / "gunicorn"
    known = subprocess.run(
        [gunicorn, "--help"], capture_output=True, text=True, check=True
    ).stdout.split()
    text = (DEPLOY / name).read_text(encoding="utf-8")
    started = re.split(r'bin/gunicorn|CMD \["gunicorn"', text)[1]
    options = re.findall(r"--[a-z-]+", started)
    assert set(options) <= set(known)
    assert options[0] == "--config"
    assert re.match(r"\W+--config\W+python:search_app\.workers\b", started)


@pytest.mark.slow
def test_the_options_of_gunicorn_are_in_force() -> None:
    gunicorn = Path(sys.executable).parent / "gunicorn"
    told = subprocess.run(
        [gunicorn, "--config", "python:search_app.workers", "--print-config"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    options = "wsgi_app preload_app threads limit_request_line control_socket_disable"
    for name in options.split():
        value = re.escape(str(getattr(workers, name)))
        assert re.search(rf"^{name} += {value}$", told, re.MULTILINE)
    for hook in (workers.when_ready, workers.pre_fork, workers.worker_exit):
        assert re.search(rf"^{hook.__name__} += .*{hook.__name__}", told, re.MULTILINE)


def test_the_image_runs_as_nobody_with_a_health_check() -> None:
    """Both stages have one base image, so that it can be pinned by its digest.

    Every path that is copied from the checkout exists. The last stage runs as nobody, and its
    health check requests /healthz.
    """
    assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) == ["${PYTHON_IMAGE}"] * 2
    for paths in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE):
        for path in paths.split():
            assert (ROOT / path).exists(), path
    build, last = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    assert "pip uninstall" in build
    assert "\nUSER 65534:65534\n" in last
    assert "/healthz" in last.partition("HEALTHCHECK")[2]


def test_the_services_of_the_compose_file_fit_together() -> None:
    """Each service waits for ones that exist, and mounts volumes and folders that exist.

    OpenSearch has the version of the tests. It has no users, so only the build and the site can
    connect to it. The site waits for the build, and the build for OpenSearch.
    """
    file = DEPLOY / "compose.yaml"
    compose = yaml.safe_load(file.read_text(encoding="utf-8"))
    services = compose["services"]
    waits = {name: list(service.get("depends_on", ())) for name, service in services.items()}
    assert waits == {"opensearch": [], "build": ["opensearch"], "site": ["build"]}
    assert services["opensearch"]["image"] == f"opensearchproject/opensearch:{program.version()}"
    assert services["opensearch"]["networks"] == services["build"]["networks"] == ["store"]
    assert compose["networks"]["store"]["internal"]
    assert [name for name, service in services.items() if "ports" in service] == ["site"]
    assert all(port.startswith("127.0.0.1:") for port in services["site"]["ports"])
    for name in ("build", "site"):
        built = services[name]["build"]
        assert (DEPLOY / built["context"] / built["dockerfile"]).samefile(DEPLOY / "Dockerfile")
        address = parse_address(services[name]["environment"]["PUBSEARCH_INDEX"])
        assert address
        assert address.hosts == ("http://opensearch:9200",)
    mounts = [mount for service in services.values() for mount in service["volumes"]]
    assert {mount.split(":")[0] for mount in mounts if "$" not in mount} == {*compose["volumes"]}
    assert {mount for mount in mounts if "$" in mount} == {"${CORPUS:-../corpus}:/corpus:ro"}
    # The folder of the image that the user of the build can write to.
    assert f"chown {services['build']['user']} /index" in DOCKERFILE.replace(" && ", "\n")
    assert "work:/index" in services["build"]["volumes"]


def test_every_package_that_is_installed_has_a_hash() -> None:
    calls = re.findall(r"run\(\*pip, (.+)\)$", (DEPLOY / "install").read_text(), re.MULTILINE)
    assert [call for call in calls if not call.startswith("*checked,")] == [
        '"--no-deps", "--no-build-isolation", folder'
    ]
    assert len(calls) == 3


def test_the_readme_has_a_row_for_each_file() -> None:
    text = (DEPLOY / "README.md").read_text(encoding="utf-8")
    for file in FILES:
        assert file.name == "README.md" or f"`{file.name}`" in text


def test_nginx_accepts_its_file(tmp_path: Path) -> None:
    nginx, openssl = shutil.which("nginx"), shutil.which("openssl")
    if not nginx or not openssl:
        pytest.skip("nginx and openssl are not both installed")
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x",
         "-keyout", tmp_path / "privkey.pem", "-out", tmp_path / "fullchain.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for folder in ("/etc/ssl/pubsearch", "/var/log/nginx", "/run/pubsearch"):
        assert folder in text
        text = text.replace(folder, str(tmp_path))
    text = re.sub(r"(listen (?:\[::\]:)?)(\d+)", r"\g<1>2\2", text)
    whole = f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\n{text}\n}}\n"
    (tmp_path / "nginx.conf").write_text(whole, encoding="utf-8")
    done = subprocess.run(
        [nginx, "-t", "-e", "stderr", "-c", tmp_path / "nginx.conf"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
