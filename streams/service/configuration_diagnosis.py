"""What may be wrong with the settings, before any broker is asked."""

from __future__ import annotations

from collections.abc import Iterator

from detectors.errors import PolicyError, ZeromileError
from streams.models.choice import choose_model
from streams.service.diagnosed import Diagnosis
from streams.service.settings import LOOPBACK, Settings
from streams.setup.policy import load_policy


def diagnose_configuration(settings: Settings) -> Iterator[Diagnosis]:
    """Look at the policy, the model, and how documents travel."""
    yield from _policy(settings)
    yield from _model(settings)
    yield from _exposure(settings)


def _policy(settings: Settings) -> Iterator[Diagnosis]:
    try:
        load_policy(settings.policy_file)
    except PolicyError as error:
        yield Diagnosis("problem", str(error), "mend the file; no worker starts with it")
    else:
        yield Diagnosis("ok", f"policy {settings.policy_file or 'as shipped'} is valid")


def _model(settings: Settings) -> Iterator[Diagnosis]:
    try:
        model = choose_model(settings.model)
    except ZeromileError as error:
        yield Diagnosis("problem", str(error), "mend ZEROMILE_MODEL; no worker starts with it")
        return
    if model is None:
        yield Diagnosis(
            "note", "no trained model is set", "ZEROMILE_MODEL=default judges by the shipped one"
        )
    else:
        yield Diagnosis("ok", f"model {settings.model} can be read")


def _exposure(settings: Settings) -> Iterator[Diagnosis]:
    if settings.security_protocol in ("PLAINTEXT", "SASL_PLAINTEXT") and not all(
        host in LOOPBACK for host, _ in settings.broker_addresses()
    ):
        yield Diagnosis(
            "note",
            "documents travel unencrypted",
            "set ZEROMILE_SECURITY_PROTOCOL to SSL or SASL_SSL",
        )
