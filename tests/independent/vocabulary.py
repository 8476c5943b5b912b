"""Words that registers of this country write only where the contract has them."""

from __future__ import annotations

from typing import Final, get_args

from detectors.documents import DeregistrationReason, RegistrationKind

BACK: Final = "reregistration" if "reregistration" in get_args(RegistrationKind) else "initial"
"""Entered again, after an absence or from abroad; a register without a word for it enters the car
as new."""
FOR_A_TIME: Final = "temporary" if "temporary" in get_args(DeregistrationReason) else "other"
"""Off the register for a time."""
