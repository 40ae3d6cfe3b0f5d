"""`gettext` and `ngettext`: the translation of a message. Without translations it stays English.

Call them when a message is used, not when a module is imported.
"""

from __future__ import annotations

from gettext import NullTranslations

TRANSLATIONS = NullTranslations()
"""The translations in use. None are loaded, so each message is its own translation."""

gettext = TRANSLATIONS.gettext
ngettext = TRANSLATIONS.ngettext
