"""The roles in deploy/opensearch/ name actions that this version of OpenSearch has."""

import re
from collections.abc import Iterator
from fnmatch import filter as match
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml

from tests import test_deploy_opensearch

pytestmark = pytest.mark.thorough

ROLES = test_deploy_opensearch.SECURITY / "roles.yml"
INTERNAL = re.compile(rb"(?:indices|cluster):[a-z_/]+[a-z_](?:\[s\])?")


def list_actions(class_path: str) -> Iterator[str]:
    (jar,) = Path(class_path.rpartition(":")[2]).parent.glob("opensearch-2*.jar")
    with ZipFile(jar) as packed:
        for name in packed.namelist():
            if name.endswith("Action.class"):
                for found in INTERNAL.findall(packed.read(name)):
                    yield found.decode()


def test_each_action_of_the_roles_exists(class_path: str) -> None:
    known = set(list_actions(class_path))
    for name, role in yaml.safe_load(ROLES.read_text(encoding="utf-8")).items():
        if name == "_meta":
            continue
        actions = [*role["cluster_permissions"]]
        for part in role["index_permissions"]:
            actions += part["allowed_actions"]
        assert [action for action in actions if not match(known, action)] == [], name
