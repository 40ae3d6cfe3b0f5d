"""How to install an extra: the hint of every error about a missing one."""

from __future__ import annotations


def describe_installation(extra: str) -> str:
    """Return the command that adds an extra to a checkout, and the one for a server, as a hint.

    pip alone would replace the packages of a checkout by a copy, and ignore the lock.
    """
    return f"Run: make environment-{extra} (on a server: deploy/install /opt/pubsearch {extra})"
