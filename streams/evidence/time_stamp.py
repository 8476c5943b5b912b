"""Time stamps of somebody else (RFC 3161): that a checkpoint was there at a moment.

Needs the package `rfc3161-client`, of the extra `evidence`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from detectors.errors import ZeromileError

EXTRA: Final = "time stamps need the package rfc3161-client; install zeromile[evidence]"
_LARGEST: Final = 1 << 20
"""Bytes of an answer; authorities send a few thousand."""


class TimeStampError(ZeromileError):
    """An authority that gives no time stamp, or a time stamp that does not hold."""


def request_time_stamp(message: bytes, authority: str, timeout: float = 20.0) -> bytes:
    """Have a message stamped.

    Parameters
    ----------
    message
        Only its digest is sent.
    authority
        URL of a time-stamping authority, http or https.
    timeout
        Seconds.

    Returns
    -------
    The authority's answer, as `openssl ts -verify -in` takes it.

    Raises
    ------
    TimeStampError
        If the authority does not answer, refuses, or stamps something else.
    """
    client = _client()
    asked = (
        client.TimestampRequestBuilder()
        .data(message)
        .hash_algorithm(client.HashAlgorithm.SHA256)
        .nonce(nonce=True)
        .cert_request(cert_request=True)
        .build()
    )
    answer = _send(asked.as_bytes(), authority, timeout)
    stamped = _decoded(answer, authority)
    if stamped.tst_info.nonce != asked.nonce:
        raise TimeStampError(f"{authority} answered another request")
    if stamped.tst_info.message_imprint.message != asked.message_imprint.message:
        raise TimeStampError(f"{authority} stamped something else")
    return answer


def stamped_at(answer: bytes, what: str = "the time stamp") -> datetime:
    """When an answer says that its message was stamped; whether that holds is not looked at.

    Raises
    ------
    TimeStampError
        If it is no time stamp.
    """
    moment: datetime = _decoded(answer, what).tst_info.gen_time
    return moment


def check_time_stamp(message: bytes, answer: bytes, certificates: Path) -> datetime:
    """Check a time stamp by the certificates of its authority; when it was made.

    Parameters
    ----------
    message
        What was stamped.
    answer
        The time stamp.
    certificates
        File with the authority's root certificate in PEM, got elsewhere, and any between.

    Raises
    ------
    TimeStampError
        If the time stamp is of something else or of another authority.
    """
    client = _client()
    stamped = _decoded(answer, "the time stamp")
    builder = client.VerifierBuilder()
    for certificate in _certificates(certificates):
        if certificate.issuer == certificate.subject:
            builder = builder.add_root_certificate(certificate)
        else:
            builder = builder.add_intermediate_certificate(certificate)
    try:
        builder.build().verify_message(stamped, message)
    except (client.VerificationError, ValueError) as error:
        raise TimeStampError(
            f"the time stamp does not hold by the certificates in {certificates}: {error}"
        ) from None
    moment: datetime = stamped.tst_info.gen_time
    return moment


def _send(request: bytes, authority: str, timeout: float) -> bytes:
    if urlsplit(authority).scheme not in {"http", "https"}:
        raise TimeStampError(
            f"the time-stamping authority is {authority!r}; allowed: a URL, http or https"
        )
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    try:
        with urlopen(  # noqa: S310 - http and https only, see above
            Request(authority, request, headers),  # noqa: S310 - the same
            timeout=timeout,
        ) as answer:
            content: bytes = answer.read(_LARGEST)
    except (URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise TimeStampError(
            f"the time-stamping authority {authority} does not answer: {reason}"
        ) from None
    return content


def _decoded(answer: bytes, what: str) -> Any:
    client = _client()
    try:
        stamped = client.decode_timestamp_response(answer)
        if client.PKIStatus(stamped.status) is client.PKIStatus.GRANTED:
            return stamped
    except (ValueError, TypeError) as error:
        raise TimeStampError(f"{what} is no answer by RFC 3161: {error}") from None
    told = ", ".join(map(str, stamped.status_string or ())) or f"status {stamped.status}"
    raise TimeStampError(f"{what} grants no time stamp: {told}")


def _certificates(path: Path) -> Sequence[Any]:
    try:
        from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415 - an extra

        return load_pem_x509_certificates(path.read_bytes())
    except ImportError:
        raise TimeStampError(EXTRA) from None
    except OSError as error:
        raise TimeStampError(f"cannot read the certificates {path}: {error.strerror}") from None
    except ValueError as error:
        raise TimeStampError(f"{path} holds no certificates in PEM: {error}") from None


def _client() -> Any:
    try:
        import rfc3161_client  # noqa: PLC0415 - an extra
    except ImportError:
        raise TimeStampError(EXTRA) from None
    return rfc3161_client
