"""Each format of XML is recognized by its content, and its default mapping feeds the rows."""

from __future__ import annotations

from tests.indexer.readers.xml import more_samples, samples

FORMATS = {
    "mods": samples.MODS, "dublin-core": samples.OAI_DC, "dspace": samples.DSPACE,
    "endnote-xml": samples.ENDNOTE, "pubmed-xml": samples.PUBMED, "crossref-xml": samples.CROSSREF,
    "datacite-xml": samples.DATACITE, "jats": samples.JATS, "tei": more_samples.TEI_TEXT,
    "tei-bibliography": more_samples.TEI_LIST, "ead": more_samples.EAD,
    "eprints": more_samples.EPRINTS, "zotero-rdf": more_samples.ZOTERO, "atom": more_samples.ATOM,
    "xml": more_samples.UNKNOWN,
}  # fmt: skip
