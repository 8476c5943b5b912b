"""A forest's judgement in words, from the facts of its finding."""

from collections.abc import Mapping
from typing import Any

from detectors.findings import Fact
from detectors.forest.explanation import REASONS, Reason

_NEARLY_ALL = 99.5
_MIDDLE = 50.0
_THOUSAND = 1000


def reason_facts(reasons: tuple[Reason, ...]) -> dict[str, Fact]:
    """Flatten reasons into typed facts ``reason_1`` … ``weight_3``."""
    facts: dict[str, Fact] = {}
    for number, reason in enumerate(reasons, start=1):
        facts |= {
            f"reason_{number}": reason.label,
            f"value_{number}": _rounded(reason.value),
            f"unit_{number}": reason.unit,
            f"usual_{number}": None if reason.usual is None else _rounded(reason.usual),
            f"percentile_{number}": round(reason.percentile, 1),
            f"weight_{number}": round(reason.weight, 3),
        }
    return facts


def tell(facts: Mapping[str, Any], population: str) -> str:
    """Tell a judgement in two sentences.

    Parameters
    ----------
    facts
        Facts of the finding.
    population
        What the vehicle was compared with, such as "ordinary life cycles".
    """
    opinions = ("neither second opinion agrees", "one of two second opinions agrees")
    agree = facts["second_opinions"]
    agreement = opinions[agree] if agree < len(opinions) else "both second opinions agree"
    reasons = [_tell_reason(facts, n) for n in range(1, REASONS + 1) if f"reason_{n}" in facts]
    return (
        f"Of {facts['compared_with']:,} {population} kept for comparison, {_share(facts)} look as "
        f"unusual (p = {facts['p_value']:.2g}, limit {facts['p_limit']:g}; {agreement}). "
        f"What sets it apart: {'; '.join(reasons)}."
    )


def _share(facts: Mapping[str, Any]) -> str:
    as_unusual = round(facts["p_value"] * (facts["compared_with"] + 1)) - 1
    return "none" if as_unusual == 0 else f"{as_unusual:,}"


def _tell_reason(facts: Mapping[str, Any], number: int) -> str:
    value, unit = facts[f"value_{number}"], facts[f"unit_{number}"]
    usual, percentile = facts[f"usual_{number}"], facts[f"percentile_{number}"]
    text = f"{facts[f'reason_{number}']} {_amount(value, unit)}"
    if usual is not None:
        text += f" where {_amount(usual, unit)} would be usual"
    if percentile < _MIDDLE:
        return f"{text}, {_beyond('lower', 100 - percentile)}"
    return f"{text}, {_beyond('higher', percentile)}"


def _beyond(direction: str, share: float) -> str:
    if share > _NEARLY_ALL:
        return f"{direction} than nearly all"
    return f"{direction} than {share:.0f} %"


def _amount(value: float, unit: str) -> str:
    number = f"{value:,.0f}" if abs(value) >= _THOUSAND or value == round(value) else f"{value:,.2f}"
    return f"{number} {unit}".rstrip()


def _rounded(value: float) -> float:
    return round(value, 2)
