"""The identity key of this installation, where one is set."""

import os
from typing import Final

from detectors.country import Country
from detectors.decoding import decoder_of
from detectors.identities import Decode, IdentityKey, IdentityKeyError

VARIABLE: Final = "ZEROMILE_IDENTITY_KEY"


def decode_from_environment(country: Country) -> Decode:
    """How documents of a country are read: with digests for ids where the environment holds a key.

    Raises
    ------
    IdentityKeyError
        If the key is too short; names the variable.
    """
    secret = os.environ.get(VARIABLE)
    if not secret:
        return decoder_of(country)
    try:
        return IdentityKey(secret, country).decode
    except IdentityKeyError as error:
        raise IdentityKeyError(f"{VARIABLE}: {error}") from None
