"""Ed25519 signatures in OpenSSH's form (SSHSIG), which `ssh-keygen -Y verify` checks.

Needs the package `cryptography`, of the extra `evidence`.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import sha256, sha512
from pathlib import Path
from typing import TYPE_CHECKING, Final

from detectors.errors import ZeromileError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_MAGIC: Final = b"SSHSIG"
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_TYPE: Final = b"ssh-ed25519"
_LINE: Final = 70
MADE_BY = "ssh-keygen -t ed25519 -N '' -f FILE"
EXTRA = "signing needs the package cryptography; install zeromile[evidence]"


class SignatureError(ZeromileError):
    """A key that cannot sign, or a signature that does not hold."""


class SigningKey:
    """An Ed25519 key that signs checkpoints and packs.

    Parameters
    ----------
    key
        The private key.
    """

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public: bytes = key.public_key().public_bytes_raw()
        """32 bytes."""

    @classmethod
    def read(cls, path: Path) -> SigningKey:
        """Read a private key as `ssh-keygen` writes it.

        Raises
        ------
        SignatureError
            If the file cannot be read or holds no Ed25519 key without a passphrase.
        """
        try:
            from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 - an extra
            from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - an extra
                load_ssh_private_key,
            )
        except ImportError:
            raise SignatureError(EXTRA) from None
        try:
            key = load_ssh_private_key(path.read_bytes(), password=None)
        except OSError as error:
            raise SignatureError(f"cannot read the signing key {path}: {error.strerror}") from None
        except (ValueError, TypeError) as error:
            raise SignatureError(
                f"{path} holds no key to sign with ({error}); make one with {MADE_BY}"
            ) from None
        if not isinstance(key, ed25519.Ed25519PrivateKey):
            raise SignatureError(f"{path} is no Ed25519 key; make one with {MADE_BY}")
        return cls(key)

    def sign_raw(self, message: bytes) -> bytes:
        """64 bytes of signature over a message."""
        return self._key.sign(message)

    def sign(self, message: bytes, namespace: str) -> str:
        """Sign a message for one purpose, armoured."""
        signature = _string(_TYPE) + _string(self.sign_raw(_signed(message, namespace)))
        blob = (
            _MAGIC + (1).to_bytes(4) + _string(public_blob(self.public)) + _string(namespace.encode())
            + _string(b"") + _string(b"sha512") + _string(signature)
        )  # fmt: skip
        text = b64encode(blob).decode()
        lines = [text[at : at + _LINE] for at in range(0, len(text), _LINE)]
        return "\n".join([_BEGIN, *lines, _END, ""])

    def allowed_signers(self, identity: str) -> str:
        """The line by which `ssh-keygen -Y verify` knows this key."""
        return f"{identity} {_TYPE.decode()} {b64encode(public_blob(self.public)).decode()}\n"


def public_blob(public: bytes) -> bytes:
    """A public key as OpenSSH writes it."""
    return _string(_TYPE) + _string(public)


def fingerprint(public: bytes) -> str:
    """Fingerprint of a public key, as `ssh-keygen -l` shows it."""
    return f"SHA256:{b64encode(sha256(public_blob(public)).digest()).decode().rstrip('=')}"


def read_signer(path: Path, identity: str) -> bytes:
    """Public key of an identity in a file of allowed signers.

    Raises
    ------
    SignatureError
        If the file cannot be read, or does not name the identity.
    """
    try:
        return signer_of(path.read_text("utf-8"), identity)
    except (OSError, UnicodeDecodeError) as error:
        raise SignatureError(f"cannot read the allowed signers {path}: {error}") from None


def signer_of(allowed_signers: str, identity: str) -> bytes:
    """Public key of an identity in a file of allowed signers.

    Raises
    ------
    SignatureError
        If there is none.
    """
    for line in allowed_signers.splitlines():
        words = line.split()
        if words and words[0] == identity and _TYPE.decode() in words:
            blob = b64decode(words[words.index(_TYPE.decode()) + 1])
            return blob[-32:]
    raise SignatureError(f"no signer {identity} with an {_TYPE.decode()} key in the allowed signers")


def verify(message: bytes, armoured: str, namespace: str, public: bytes) -> None:
    """Check a signature.

    Raises
    ------
    SignatureError
        If it is not this key's over this message for this purpose.
    """
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 - an extra
    except ImportError:
        raise SignatureError(EXTRA) from None
    body = armoured.partition(_BEGIN)[2].partition(_END)[0]
    try:
        blob = b64decode("".join(body.split()), validate=True)
    except ValueError:
        raise SignatureError("the signature is no SSHSIG") from None
    expected = (
        _MAGIC + (1).to_bytes(4) + _string(public_blob(public)) + _string(namespace.encode())
        + _string(b"") + _string(b"sha512")
    )  # fmt: skip
    if not blob.startswith(expected):
        raise SignatureError(f"the signature is not by {fingerprint(public)} for {namespace}")
    signature = blob[-64:]
    if blob != expected + _string(_string(_TYPE) + _string(signature)):
        raise SignatureError("the signature is no SSHSIG of an Ed25519 key")
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(
            signature, _signed(message, namespace)
        )
    except InvalidSignature:
        raise SignatureError("the signature does not hold: what was signed has been changed") from None


def _signed(message: bytes, namespace: str) -> bytes:
    return (
        _MAGIC + _string(namespace.encode()) + _string(b"") + _string(b"sha512")
        + _string(sha512(message).digest())
    )  # fmt: skip


def _string(value: bytes) -> bytes:
    return len(value).to_bytes(4) + value
