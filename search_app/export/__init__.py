"""Publications in the formats of other programs. Nothing here knows of HTTP or HTML."""
