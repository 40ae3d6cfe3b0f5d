"""Errors that say how to fix them."""


class HintedError(Exception):
    """`message` is the fault, and `hint` says how to fix it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message}. {hint}")
        self.message, self.hint = message, hint


def describe_installation(extra: str) -> str:
    """Return the command that adds an extra to a checkout, and the one for a server, as a hint.

    pip alone would replace the packages of a checkout by a copy, and ignore the lock.
    """
    return f"Run: make environment-{extra} (on a server: deploy/install /opt/pubsearch {extra})"
