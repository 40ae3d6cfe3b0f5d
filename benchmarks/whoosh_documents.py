"""Publications as documents of the Whoosh schema, for indexes that stock Whoosh writes."""

import msgspec

from indexer.catalogue import schema
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication


def make_document(publication: Publication, catalogue: Catalogue) -> dict[str, object]:
    """Return a publication as a document of the schema."""
    document: dict[str, object] = {"id": publication.id, "record": msgspec.json.encode(publication)}
    for field in catalogue.searchable:
        if text := schema.get_text(publication, field, catalogue):
            document[field.name] = text
    for field in catalogue.exact:
        if values := publication.values.get(field.name):
            document[f"{field.name}{schema.EXACT}"] = [*map(field.make_key, values)]
    return document
