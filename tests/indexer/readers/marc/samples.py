"""MARC records for tests, in every syntax."""

import json

LEADER = "00000nam a2200000 a 4500"

Fields = list[tuple[str, str]]
"""Tags, and values as MarcEdit writes them: `10$aTitle`."""

RIVERS: Fields = [
    ("001", "ocm-77"),
    ("008", "990423s1999    nyua          001 0 eng d"),
    ("100", "1 $aMoss, Ada,$d1950-"),
    ("245", "10$aRivers of salt /$cAda Moss and Bo Lind."),
    ("260", "  $aOslo :$bFjord Press,$c1999."),
    ("650", " 0$aRivers$xHistory$zNorway."),
    ("700", "1 $aLind, Bo,$eauthor."),
    ("700", "1 $aHay, Cy,$eeditor."),
    ("9a1", "  $aLocal"),
]


def make_binary(fields: Fields) -> bytes:
    """Return a record of binary MARC with the right lengths."""
    directory, body = b"", b""
    for tag, value in fields:
        data = value.replace("$", "\x1f").encode() + b"\x1e"
        directory += b"%s%04d%05d" % (tag.encode(), len(data), len(body))
        body += data
    base = 24 + len(directory) + 1
    leader = b"%05dnam a22%05d a 4500" % (base + len(body) + 1, base)
    return leader + directory + b"\x1e" + body + b"\x1d"


def make_xml(fields: Fields) -> str:
    """Return a record of MARCXML without a namespace."""
    lines = [f"<record><leader>{LEADER}</leader>"]
    for tag, value in fields:
        indicators, *subfields = value.split("$")
        parts = [f'<subfield code="{part[0]}">{part[1:]}</subfield>' for part in subfields]
        start = f'<datafield tag="{tag}" ind1="{indicators[0]}" ind2="{indicators[1]}">'
        control = f'<controlfield tag="{tag}">{value}</controlfield>'
        lines += [start, *parts, "</datafield>"] if parts else [control]
    return "\n".join([*lines, "</record>"])


def make_mrk(fields: Fields) -> str:
    """Return a record in MarcEdit's text form."""
    lines = [f"=LDR  {LEADER}"]
    lines += [f"={tag}  {value[:2].replace(' ', chr(92))}{value[2:]}" for tag, value in fields]
    return "\n".join([*lines, ""])


def make_json(fields: Fields) -> str:
    """Return a list with a record of MARC-in-JSON."""
    listed: list[object] = []
    for tag, value in fields:
        indicators, *subfields = value.split("$")
        parts = [{part[0]: part[1:]} for part in subfields]
        field = {"ind1": indicators[0], "ind2": indicators[1], "subfields": parts}
        listed.append({tag: field if parts else value})
    return json.dumps([{"leader": LEADER, "fields": listed}])
