"""Reading the policy: the text that ships, over it a country's, and over both a user's file."""

import os
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from detectors.country import CHINA
from detectors.errors import PolicyError
from detectors.policy import DocumentTerms, Policy

COUNTRY_VARIABLE: Final = "ZEROMILE_COUNTRY"
"""Whose documents are judged; `zeromile --country` sets it."""


def shipped_policy_text() -> str:
    """The policy as it ships: every threshold and dated rule with its source."""
    return files("detectors").joinpath("policy.toml").read_text(encoding="utf-8")


def countries() -> list[str]:
    """Countries that have a preset, sorted."""
    folder = files("streams.setup").joinpath("countries")
    return sorted([CHINA.code, *(entry.name.removesuffix(".toml") for entry in folder.iterdir())])


def country_text(code: str) -> str | None:
    """What the policy of a country says otherwise; ``None`` for China, for which the shipped one is.

    Raises
    ------
    PolicyError
        If there is none.
    """
    if code == CHINA.code:
        return None
    if code not in countries():
        raise PolicyError(
            f"there is no preset for the country {code!r}; allowed: {', '.join(countries())}, or a "
            "policy file with [country]"
        )
    preset = files("streams.setup").joinpath("countries", f"{code}.toml")
    return preset.read_text(encoding="utf-8")


def load_policy(
    override: Path | Mapping[str, Any] | None = None,
    country: str | None = None,
    rules: Path | None = None,
) -> Policy:
    """Load the shipped policy, with that of the country asked for and a user's over it.

    Rules of installed packages (:mod:`streams.setup.rules`) and their sections belong to it.

    Parameters
    ----------
    override
        A user's file, or its tables.
    country
        Whose documents are judged; default the one of `COUNTRY_VARIABLE`.
    rules
        Folder of more rules.

    Raises
    ------
    PolicyError
        If the file cannot be read, or holds a wrong key or value; the message names the file.
    RulesError
        If a rule cannot be loaded.
    """
    # Every detector with all that it counts with takes half a second, for which others need not wait.
    from detectors.registry import DECLARED  # noqa: PLC0415
    from streams.setup.rules import load_rules  # noqa: PLC0415

    outside = load_rules(rules)
    known = {**DECLARED, **outside.detectors}
    shipped = {**tomllib.loads(shipped_policy_text()), **outside.tables}
    preset = _preset(country)
    if override is None or isinstance(override, Mapping):
        return Policy.parse(shipped, override, known, preset)
    try:
        text = override.read_text(encoding="utf-8-sig")
        return Policy.parse(shipped, text, known, preset)
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"cannot read the policy {override}: {error}") from error
    except PolicyError as error:
        raise PolicyError(f"{override}: {error}") from None


def load_document_terms(override: Path | None = None, country: str | None = None) -> DocumentTerms:
    """Load what reading documents asks of the policy: without a user's file no detector is needed.

    Parameters
    ----------
    override, country
        As :func:`load_policy`.

    Raises
    ------
    PolicyError
        As :func:`load_policy`.
    """
    if override is not None:
        policy = load_policy(override, country)
        return DocumentTerms(policy.history, policy.country)
    return DocumentTerms.parse(shipped_policy_text(), _preset(country))


def _preset(country: str | None) -> str | None:
    return country_text(country or os.environ.get(COUNTRY_VARIABLE) or CHINA.code)
