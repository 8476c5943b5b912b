"""A forest's judgement in words, from the facts of its finding."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from detectors.forest.explanation import REASON_FACTS

_NEARLY_ALL = 99.5
_MIDDLE = 50.0
_THOUSAND = 1000
_OPINIONS = ("neither second opinion agrees", "one of two second opinions agrees")


def tell(facts: Mapping[str, Any], population: str) -> str:
    """Tell a judgement in two sentences.

    Parameters
    ----------
    facts
        Facts of the finding.
    population
        What the vehicle was compared with, such as "ordinary life cycles".
    """
    agree = facts["second_opinions"]
    agreement = _OPINIONS[agree] if agree < len(_OPINIONS) else "both second opinions agree"
    reasons = "; ".join([_tell_reason(facts, names) for names in REASON_FACTS if names[0] in facts])
    return (
        f"Of {facts['compared_with']:,} {population} kept for comparison, {_share(facts)} look as "
        f"unusual (p = {facts['p_value']:.2g}, limit {facts['p_limit']:g}; {agreement}). "
        f"What sets it apart: {reasons}."
    )


def _share(facts: Mapping[str, Any]) -> str:
    as_unusual = round(facts["p_value"] * (facts["compared_with"] + 1)) - 1
    return "none" if as_unusual == 0 else f"{as_unusual:,}"


def _tell_reason(facts: Mapping[str, Any], names: tuple[str, ...]) -> str:
    label, value, unit, usual, percentile, _ = names
    beyond = _beyond(facts[percentile])
    text = f"{facts[label]} {_amount(facts[value], facts[unit])}"
    if (expected := facts[usual]) is not None:
        return f"{text} where {_amount(expected, facts[unit])} would be usual, {beyond}"
    return f"{text}, {beyond}"


@lru_cache(maxsize=512)
def _beyond(percentile: float) -> str:
    """Say on which side of the population a value lies; percentiles come in steps of a half."""
    if percentile < _MIDDLE:
        return f"lower than {_most(100 - percentile)}"
    return f"higher than {_most(percentile)}"


def _most(share: float) -> str:
    return "nearly all" if share > _NEARLY_ALL else f"{share:.0f} %"


def _amount(value: float, unit: str) -> str:
    if 0 <= value < _THOUSAND and value == (whole := int(value)):
        number = str(whole)
    elif abs(value) >= _THOUSAND or value == round(value):
        number = f"{value:,.0f}"
    else:
        number = f"{value:,.2f}"
    return f"{number} {unit}" if unit else number
