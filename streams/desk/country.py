"""Whose documents the store holds: by its civil time and its provinces' names pages speak."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Final

from detectors.country import Country
from detectors.policy import Policy
from streams.setup.policy import COUNTRY_VARIABLE, load_policy

_POLICY_VARIABLE: Final = "ZEROMILE_POLICY_FILE"


def desk_country() -> Country:
    """The country of the policy by which this installation judges."""
    return desk_policy().country


def desk_policy() -> Policy:
    """The policy by which this installation judges."""
    return _policy_of(os.environ.get(COUNTRY_VARIABLE), os.environ.get(_POLICY_VARIABLE))


@lru_cache(maxsize=4)
def _policy_of(code: str | None, policy_file: str | None) -> Policy:
    return load_policy(Path(policy_file) if policy_file else None, code or None)
