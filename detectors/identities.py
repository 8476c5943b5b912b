"""People and companies by a digest instead of the id that their documents name.

The rules ask only whether two documents name the same holder, so a digest serves as well as the id.
It takes a secret key: a registry's ids are few enough to try them all on a digest without one.
"""

import json
from collections.abc import Callable
from hashlib import blake2b
from typing import Final

import msgspec

from detectors.country import CHINA, Country
from detectors.decoding import decoder_of
from detectors.documents import CustomsExport, Deregistration, Document, Registration
from detectors.errors import ZeromileError
from detectors.wire import WIRE_TYPES

Decode = Callable[[bytes], Document]
"""Reads and validates one document; raises :class:`detectors.errors.DocumentError`."""

SHORTEST_SECRET: Final = 16
"""Characters."""
_DIGEST_SIZE: Final = 10
"""Bytes."""
_FIELDS: Final[dict[type[Document], tuple[str, ...]]] = {
    Registration: ("owner_id", "seller_id", "owner_group", "seller_group"),
    Deregistration: ("owner_id",),
    CustomsExport: ("exporter_id",),
}
_CONCEALED: Final = "(concealed)"


class IdentityKeyError(ZeromileError, ValueError):
    """A secret that is too short to be one."""


class IdentityKey:
    """Puts digests in the place of the ids of owners, sellers and exporters.

    One id has one digest whatever document and field names it, so who sold and who bought can still
    be compared. A digest is 80 bits of BLAKE2b with a key (RFC 7693) in hexadecimal: short enough for
    people, and of a hundred million ids two have the same one with a chance of 4 in 10⁹.

    Parameters
    ----------
    secret
        Whoever has it can find out which id a digest stands for.
    country
        Whose documents are decoded.

    Raises
    ------
    IdentityKeyError
        If it has fewer than `SHORTEST_SECRET` characters.
    """

    def __init__(self, secret: str, country: Country = CHINA) -> None:
        if len(secret) < SHORTEST_SECRET:
            raise IdentityKeyError(
                f"an identity key of {len(secret)} characters; allowed: {SHORTEST_SECRET} and more"
            )
        self._key = blake2b(secret.encode()).digest()
        self.country = country
        """Whose documents are decoded."""
        self._decode = decoder_of(country)

    @property
    def fingerprint(self) -> str:
        """What tells this key from others, and says nothing of the secret."""
        return self._digest("", b"fingerprint")

    def digest(self, identity: str) -> str:
        """What stands for an id."""
        return self._digest(identity, b"identity")

    def decode(self, payload: bytes) -> Document:
        """Decode and validate one document, as :func:`detectors.decoding.decode`, and conceal it."""
        return self.conceal(self._decode(payload))

    def conceal(self, document: Document) -> Document:
        """The same document with digests for ids."""
        digests = {
            field: self.digest(identity)
            for field in _FIELDS[type(document)]
            if (identity := getattr(document, field)) is not None
        }
        concealed: Document = msgspec.structs.replace(document, **digests) if digests else document
        return _conceal_dropped(concealed) if document.dropped else concealed

    def conceal_payload(self, payload: bytes, concealed: Document) -> bytes:
        """The bytes of a document without what they tell of people and companies.

        Ids are those of the concealed document. Fields that no contract names, and values that were
        dropped, are left out, for they may hold a name. The rest is written in the order of its names.
        """
        ids = _FIELDS[type(concealed)]
        known = {*WIRE_TYPES[concealed.event_type].__struct_fields__, "event_type"}
        known -= {each.field for each in concealed.dropped}
        kept = {
            name: getattr(concealed, name) if name in ids else value
            for name, value in json.loads(payload).items()
            if name in known
        }
        return json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()

    def _digest(self, text: str, purpose: bytes) -> str:
        return blake2b(
            text.encode(), digest_size=_DIGEST_SIZE, key=self._key, person=purpose
        ).hexdigest()


def country_of(decode: Decode) -> Country:
    """Whose documents a decoder reads."""
    country = getattr(getattr(decode, "__self__", None), "country", CHINA)
    return country if isinstance(country, Country) else CHINA


def _conceal_dropped(document: Document) -> Document:
    """A bad id may still name somebody."""
    ids = _FIELDS[type(document)]
    dropped = tuple(
        each._replace(value=_CONCEALED) if each.field in ids else each for each in document.dropped
    )
    return msgspec.structs.replace(document, dropped=dropped)
