"""The appearance of a catalogue's pages: the colors of its links, and its logo.

Contrast follows WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath

PAPERS: Mapping[str, str] = {"light": "#FAF9F6", "dark": "#14191D"}
"""The color of the page in each mode, as in style.css."""
MIN_CONTRAST = 4.5
"""Minimum contrast of text that WCAG asks for at level AA."""
LOGO_TYPES: Mapping[str, str] = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
}
"""Media types of logos by the end of the file name."""
MAX_LOGO_BYTES = 100_000
"""Limit on a logo. Each page loads it, and it is part of the description of the index."""
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")


def compute_contrast(color: str, other: str) -> float:
    """Return the contrast ratio of two colors such as `#1B5A78`, from 1 to 21."""
    dark, light = sorted((_compute_luminance(color), _compute_luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _compute_luminance(color: str) -> float:
    """Return the relative luminance of a color, from 0 for black to 1 for white."""
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def find_faults(accent: Sequence[str], logo: str) -> Iterator[tuple[str, str]]:
    """Yield each fault of the keys `accent` and `logo` of a catalogue, with a hint."""
    if accent and (len(accent) != len(PAPERS) or not all(map(_COLOR.fullmatch, accent))):
        yield (
            f"the accent {list(accent)!r} is not a pair of colors",
            'Write a color for light pages and one for dark ones: ["#1B5A78", "#8FC7E0"]',
        )
    elif accent:
        for color, (mode, paper) in zip(accent, PAPERS.items(), strict=True):
            contrast = compute_contrast(color, paper)
            better = "darker" if mode == "light" else "lighter"
            if contrast < MIN_CONTRAST:
                yield (
                    f"the accent {color} has a contrast of {contrast:.1f} on {mode} pages",
                    f"Choose a {better} color: it needs a contrast of {MIN_CONTRAST} to {paper}",
                )
    if logo and (PurePath(logo).name != logo or PurePath(logo).suffix not in LOGO_TYPES):
        yield (
            f"the logo {logo!r} is not the name of an image",
            f"Name a file in the folder of catalogue.toml that ends in {', '.join(LOGO_TYPES)}",
        )
