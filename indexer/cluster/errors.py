"""Turn the errors of the client into words: what is wrong, and which setting to change.

No text repeats the host that a request was sent to: some texts are shown to visitors.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import BadStatusLine
from typing import NamedTuple

import msgspec
from opensearchpy.exceptions import ConnectionError as NoConnection
from opensearchpy.exceptions import (
    ConnectionTimeout,
    OpenSearchException,
    SerializationError,
    TransportError,
)
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError

from indexer.cluster.connection import CA, PASSWORD, PREFIX, USER, ClusterError

MAX_CHARS = 300
"""Limit on the characters of a response that are repeated. Another server may send a whole page."""
_URL = "the URL of the index"
_HINT_DISK = (
    "Free disk space of the nodes. If the cluster does not release the block by itself, remove its "
    "setting cluster.blocks.create_index"
)
_HINT_HTTPS = f"If the server expects TLS, use {PREFIX}https in {_URL}"
_HINT_NODE = f"Check that a node runs at the host and the port in {_URL}"
_HINT_OTHER = f"Check the host and the port in {_URL}, and any proxy before the cluster"
_FULL = "disk usage exceeded", "create-index blocked", "No space left on device"
"""Texts in the reason of a node whose disk is full."""
_NO_SCRIPTS = "cannot execute"
"""A text in the reason of a node that refuses scripts: of any kind, or in a context."""
_NO_TLS = {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNEXPECTED_MESSAGE"}
"""Reasons of OpenSSL for a response that is not TLS."""
_EXPIRED, _NOT_YET_VALID, _OTHER_NAME, _OTHER_IP = 10, 9, 62, 64
"""Codes of OpenSSL for what is wrong with a certificate."""


class Failure(NamedTuple):
    """The reason of a failed request, and what to do about it."""

    reason: str
    hint: str


@contextmanager
def translate_errors(message: str) -> Iterator[None]:
    """Raise ClusterError with a message and the reason if a request of the block fails.

    A response of another type than expected is an error too.
    """
    try:
        yield
    except (OpenSearchException, msgspec.ValidationError) as error:
        failure = explain(error)
        raise ClusterError(f"{message}: {failure.reason}", failure.hint) from error


def explain(error: OpenSearchException | msgspec.ValidationError) -> Failure:
    """Return the reason of a failed request, and a hint."""
    match error:
        case ConnectionTimeout():
            return Failure(
                "no response in time", "Check that the nodes run, their load, and the network"
            )
        case NoConnection():
            return _explain_connection(error.info)
        case TransportError():
            return _explain_response(error)
        case SerializationError() | msgspec.ValidationError():
            return Failure(f"the response is not one of OpenSearch: {error}", _HINT_OTHER)
    return Failure(str(error), "Check the log of the cluster")


def find_hint(status: int, reason: str) -> str:
    """Return a hint for a status other than success, which a node gives with a reason."""
    if any(text in reason for text in _FULL):
        return _HINT_DISK
    if _NO_SCRIPTS in reason:
        return "Allow inline scripts on the nodes: see script.allowed_types and allowed_contexts"
    if "blocked by" in reason:
        return "Remove this block from the settings of the index or of the cluster"
    match status:
        case 401:
            hint = f"Set {USER} and {PASSWORD} to a user of the cluster and its password"
        case 403:
            hint = f"Check the roles of the user, which {USER} names"
        case 429:
            hint = "The nodes are busy. Try again later, or give them more memory"
        case _ if status >= 500:
            hint = "Check that the nodes of the cluster run, and their logs"
        case _:
            hint = "Check the log of the cluster"
    return hint


def _explain_connection(info: object) -> Failure:
    """Return the failure of a connection. `info` is the error of urllib3."""
    causes = list(_list_causes(info))
    for cause in reversed(causes):
        if failure := _explain_cause(cause):
            return failure
    last = causes[-1] if causes else info
    reason = last.strerror if isinstance(last, OSError) and last.strerror else str(last)
    return Failure(reason, _HINT_NODE)


def _explain_cause(cause: BaseException) -> Failure | None:
    """Return the failure of a known kind of error, or None."""
    match cause:
        case ssl.SSLCertVerificationError():
            return _explain_certificate(cause)
        case ssl.SSLError() if cause.reason in _NO_TLS:
            found = "the server does not use TLS", f"Use {PREFIX}http in {_URL}, or a port with TLS"
        case ssl.SSLError():
            found = f"TLS failed: {cause}", "Check the TLS settings of the nodes"
        case NameResolutionError():
            found = "the name of the host is not known", f"Check the hosts in {_URL}, and the DNS"
        case ConnectTimeoutError():
            found = "the host does not answer", f"{_HINT_OTHER}, and firewalls"
        case ConnectionRefusedError():
            found = "the connection was refused", _HINT_NODE
        case BadStatusLine() | ConnectionResetError():  # RemoteDisconnected is both
            found = (
                "the server closed the connection, or its response is not HTTP",
                f"{_HINT_NODE}. {_HINT_HTTPS}",
            )
        case _:
            return None
    return Failure(*found)


def _list_causes(error: object) -> Iterator[BaseException]:
    """Yield an error of urllib3, and those that it wraps."""
    while isinstance(error, BaseException):
        yield error
        wrapped = [each for each in error.args if isinstance(each, BaseException)]
        error = wrapped[-1] if wrapped else error.__cause__ or error.__context__


def _explain_certificate(error: ssl.SSLCertVerificationError) -> Failure:
    match error.verify_code:
        case _ if error.verify_code in {_EXPIRED, _NOT_YET_VALID}:
            hint = "Renew the certificate of the node, or check the clocks"
        case _ if error.verify_code in {_OTHER_NAME, _OTHER_IP}:
            hint = f"Use a host in {_URL} that the certificate names"
        case _:
            hint = f"Set {CA} to a PEM file with the certificate of the authority that signed it"
    return Failure(f"the certificate of the node is not valid: {error.verify_message}", hint)


def _explain_response(error: TransportError) -> Failure:
    status = int(error.status_code) if isinstance(error.status_code, int) else 0
    if isinstance(error.info, dict):
        reason = str(error)
        return Failure(reason, find_hint(status, reason))
    text = " ".join(str(error.error).split())[:MAX_CHARS]
    if "HTTPS port" in text:
        return Failure("the server expects TLS", f"Use {PREFIX}https in {_URL}")
    reason = f"status {status}, and no reason of OpenSearch{text and ': '}{text}"
    return Failure(reason, find_hint(status, text) if status in {401, 403} else _HINT_OTHER)
