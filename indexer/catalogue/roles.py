"""Roles of fields in a reference, and rules for the types of publications, in the terms of CSL.

The Citation Style Language (CSL 1.0.2, https://docs.citationstyles.org/en/stable/specification.html,
appendix III and IV) names the parts of a reference, such as `container-title`, and its types, such
as `article-journal`. `search_app.export.csl` maps a publication to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

import msgspec

from indexer.values.publication_types import PublicationType

NameRole = Literal["author", "editor", "translator", "director", "contributor"]
Role = Literal[
    "title",
    "type",
    "abstract",
    "issued",
    "author",
    "editor",
    "translator",
    "director",
    "contributor",
    "archive",
    "call-number",
    "collection-number",
    "collection-title",
    "container-title",
    "dimensions",
    "DOI",
    "edition",
    "event-place",
    "event-title",
    "genre",
    "ISBN",
    "ISSN",
    "issue",
    "keyword",
    "language",
    "medium",
    "note",
    "number",
    "number-of-pages",
    "page",
    "PMID",
    "publisher",
    "publisher-place",
    "URL",
    "version",
    "volume",
    "coverage",
    "rights",
]
"""All are terms of CSL, except `coverage` and `rights` of Dublin Core."""
ALIASES: dict[str, Role] = {"summary": "abstract", "date": "issued"}
"""Other names of roles in `catalogue.toml`."""
RoleOrAlias = Role | Literal["summary", "date"]

NAME_ROLES: tuple[NameRole, ...] = get_args(NameRole)
RELATORS: Mapping[NameRole, str] = {
    "author": "aut",
    "editor": "edt",
    "translator": "trl",
    "director": "drt",
    "contributor": "ctb",
}
"""The MARC code of each role (https://www.loc.gov/marc/relators/)."""


class TypeRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `[[type]]` of `catalogue.toml`: publications with certain values have this type.

    `where`: for each field, the values of which a publication has at least one. Without fields, the
    rule applies to every publication. The first rule that applies is the one used.
    """

    csl: PublicationType
    where: dict[str, tuple[str, ...]] = {}
