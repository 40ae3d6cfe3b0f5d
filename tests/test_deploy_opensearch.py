"""The files of deploy/opensearch/: they parse, fit together, and allow what the program does."""

import ast
import json
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml

from indexer.cluster import connection
from search_app import config
from tests.opensearch import program

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy" / "opensearch"
SECURITY = DEPLOY / "security"
FILES = sorted(file for file in DEPLOY.rglob("*") if file.is_file() and file.name != "README.md")
CODE = sorted([
    *(ROOT / "indexer" / "cluster").glob("*.py"),
    *(ROOT / "search_app" / "engine" / "opensearch").glob("*.py"),
])  # fmt: skip
ACTIONS = {
    "cluster.health": ("cluster:monitor/health",),
    "count": ("indices:data/read/search",),
    "create": ("indices:data/write/index", "indices:data/write/bulk[s]"),
    "delete": ("indices:data/write/delete", "indices:data/write/bulk[s]"),
    "get": ("indices:data/read/get",),
    "helpers.scan": (
        "indices:data/read/search", "indices:data/read/scroll", "indices:data/read/scroll/clear",
    ),
    "helpers.streaming_bulk": (
        "indices:data/write/bulk", "indices:data/write/bulk[s]", "indices:data/write/index",
        "indices:data/write/delete",
    ),
    "index": ("indices:data/write/index", "indices:data/write/bulk[s]"),
    "indices.clone": ("indices:admin/resize", "indices:monitor/stats"),
    "indices.create": ("indices:admin/create",),
    "indices.delete": ("indices:admin/delete",),
    "indices.exists": ("indices:admin/get",),
    "indices.flush": ("indices:admin/flush",),
    "indices.get": ("indices:admin/get",),
    "indices.get_alias": ("indices:admin/aliases/get",),
    "indices.put_mapping": ("indices:admin/mapping/put",),
    "indices.put_settings": ("indices:admin/settings/update",),
    "indices.refresh": ("indices:admin/refresh",),
    "indices.stats": ("indices:monitor/stats",),
    "indices.update_aliases": ("indices:admin/aliases",),
    "msearch": ("indices:data/read/msearch", "indices:data/read/search"),
    "search": ("indices:data/read/search",),
}  # fmt: skip
"""The actions of each request of the client. A role must have all of them."""
READING = (
    "cluster.health", "count", "get", "indices.exists", "indices.get", "indices.get_alias",
    "indices.stats", "msearch", "search",
)  # fmt: skip
"""The requests of a server, of a search, and of `pubsearch status` and `verify`."""
NO_REQUESTS = {"check", "close", "find_counts", "load"}
"""Methods of a client that are no requests of OpenSearch."""


def load(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def allows(role: str, action: str) -> bool:
    permissions = load(SECURITY / "roles.yml")[role]
    patterns = list(permissions["cluster_permissions"])
    for part in permissions["index_permissions"]:
        patterns += part["allowed_actions"]
    return any(fnmatchcase(action, pattern) for pattern in patterns)


def requests() -> Iterator[str]:
    """Yield the methods of the client that the code calls, such as `indices.create`.

    Among them are its helpers, which send several requests.
    """
    for file in CODE:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                found = re.search(
                    r"(?:\b_?client\.|^(?=helpers\.))([a-z_.]+)$", ast.unparse(node.func)
                )
                if found and found[1] not in NO_REQUESTS:
                    yield found[1]


def test_the_role_of_the_builder_allows_each_request() -> None:
    sent = set(requests())
    assert {"helpers.streaming_bulk", "msearch", "get"} <= sent
    for name in sent:
        for action in ACTIONS[name]:
            assert allows("pubsearch_build", action), (name, action)


def test_the_role_of_the_reader_allows_reading_only() -> None:
    allowed = {
        name
        for name, actions in ACTIONS.items()
        if all(allows("pubsearch_read", action) for action in actions)
    }
    assert allowed == set(READING)


def test_roles_cover_one_catalogue_only() -> None:
    """A role has no index but those of the catalogue, and no other action of the cluster."""
    for name, role in load(SECURITY / "roles.yml").items():
        if name != "_meta":
            assert all(
                part["index_patterns"] == ["catalogue", "catalogue-*"]
                for part in role["index_permissions"]
            )
            assert not any("*" in action for action in role["cluster_permissions"])


def test_each_user_has_one_role() -> None:
    users = load(SECURITY / "internal_users.yml")
    mapping = load(SECURITY / "roles_mapping.yml")
    roles = load(SECURITY / "roles.yml")
    for kind, content in (("internalusers", users), ("rolesmapping", mapping), ("roles", roles)):
        assert content.pop("_meta") == {"type": kind, "config_version": 2}
    named = [user for entry in mapping.values() for user in entry["users"]]
    assert sorted(named) == sorted(users)
    assert set(roles) | {"all_access"} == set(mapping)
    compose = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    for user in users.values():
        variable = re.fullmatch(r"\$\{envbc\.(\w+)\}", user["hash"])
        assert variable
        assert f"{variable[1]}: ${{{variable[1]}:?" in compose


@pytest.mark.parametrize("name", ["roles.yml", "roles_mapping.yml", "internal_users.yml"])
def test_the_security_files_have_no_anchors(name: str) -> None:
    tokens = yaml.scan((SECURITY / name).read_text(encoding="utf-8"))
    assert not any(isinstance(token, yaml.AnchorToken | yaml.AliasToken) for token in tokens)


def test_the_nodes_of_the_compose_file_are_those_of_the_settings() -> None:
    services = load(DEPLOY / "compose.yaml")["services"]
    settings = load(DEPLOY / "opensearch.yml")
    assert list(services) == settings["discovery.seed_hosts"]
    assert list(services) == settings["cluster.initial_cluster_manager_nodes"]
    made = {"./certificates", "./snapshots"}
    data = set()
    for name, service in services.items():
        assert service["image"] == f"opensearchproject/opensearch:{program.version()}"
        assert service["environment"]["NODE_NAME"] == name
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        for mount in service["volumes"]:
            source = mount.partition(":")[0]
            if source.startswith("."):
                assert source in made or (DEPLOY / source).is_file(), source
            else:
                data.add(source)
    assert data == set(load(DEPLOY / "compose.yaml")["volumes"])
    assert len(data) == len(services)


def test_the_snapshot_policy_names_the_repository_and_the_catalogue() -> None:
    policy = json.loads((DEPLOY / "snapshot-policy.json").read_text(encoding="utf-8"))
    repository = json.loads((DEPLOY / "snapshot-repository.json").read_text(encoding="utf-8"))
    assert policy["snapshot_config"]["indices"] == "catalogue-*"
    assert not policy["snapshot_config"]["partial"]
    readme = (DEPLOY / "README.md").read_text(encoding="utf-8")
    assert f"/_snapshot/{policy['snapshot_config']['repository']} " in readme
    folder = repository["settings"]["location"]
    assert folder == load(DEPLOY / "opensearch.yml")["path.repo"]
    assert f"./snapshots:{folder}" in (DEPLOY / "compose.yaml").read_text(encoding="utf-8")


def test_the_readme_has_each_file_and_only_existing_settings() -> None:
    text = (DEPLOY / "README.md").read_text(encoding="utf-8")
    assert [file.name for file in FILES if f"`{file.name}`" not in text] == []
    known = {f"PUBSEARCH_{name.upper()}" for name in config.list_help()}
    known |= {connection.USER, connection.PASSWORD, connection.CA}
    assert set(re.findall(r"\bPUBSEARCH_[A-Z_]+", text)) <= known
    (url,) = re.findall(r"PUBSEARCH_INDEX=(\S+)", text)
    address = connection.parse_address(url)
    assert address
    assert address.name == "catalogue"


def test_the_certificates_name_the_nodes(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if not openssl:
        pytest.skip("openssl not found")
    shutil.copy(DEPLOY / "make-certificates", tmp_path)
    subprocess.run([tmp_path / "make-certificates"], check=True, capture_output=True)
    certificates, authority = tmp_path / "certificates", tmp_path / "authority"
    settings = load(DEPLOY / "opensearch.yml")
    files = {name for name in settings.values() if str(name).startswith("certificates/")}
    assert {f"certificates/{file.name}" for file in certificates.iterdir()} == files
    for host in (*settings["discovery.seed_hosts"], "localhost"):
        subprocess.run(
            [openssl, "verify", "-x509_strict", "-verify_hostname", host,
             "-CAfile", certificates / "ca.pem", certificates / "node.pem"],
            check=True, capture_output=True,
        )  # fmt: skip
    for file, key in ((certificates / "node.pem", "nodes_dn"), (authority / "admin.pem", "admin")):
        subject = subprocess.run(
            [openssl, "x509", "-in", file, "-noout", "-subject", "-nameopt", "RFC2253"],
            check=True, capture_output=True, text=True,
        ).stdout.strip()  # fmt: skip
        (named,) = [value for name, value in settings.items() if key in name]
        assert subject == f"subject={named[0]}"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "node.pem", certificates / "node.key")
    assert b"BEGIN PRIVATE KEY" in (certificates / "node.key").read_bytes()  # PKCS 8
