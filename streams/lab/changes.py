"""Which detectors two catalogues do not share: the others say the same of the same documents."""

from typing import Final

from detectors.exports import hardly_used
from detectors.policy import Policy
from detectors.registry import FORESTS, Catalogue
from detectors.spikes.declared import PROVINCE_DETECTORS

_SHARED: Final = ("history", "watermarks", "country")
"""Sections of the policy that concern every detector."""


def enabled(policy: Policy) -> set[str]:
    """Detectors that a policy leaves switched on."""
    return {name for name, parameters in policy.parameters.items() if parameters.enabled}


def changed(a: Catalogue, b: Catalogue) -> set[str]:
    """Detectors that may say something else by B than by A."""
    old, new = a.policy, b.policy
    every = {*old.detectors, *new.detectors}
    if any(old.tables.get(name) != new.tables.get(name) for name in _SHARED):
        return every
    found = {
        name
        for name in every
        if old.tables.get(name) != new.tables.get(name)
        or old.detectors.get(name) is not new.detectors.get(name)
    }
    if _model_id(a) != _model_id(b):
        found.update(forest.spec.id for forest in FORESTS)
    if not found.isdisjoint(PROVINCE_DETECTORS) or _counts_otherwise(old, new):
        found.update(PROVINCE_DETECTORS)
    return found


def only(catalogue: Catalogue, names: set[str]) -> Catalogue:
    """A catalogue with all but some detectors switched off."""
    policy = catalogue.policy
    off = {
        name: {**section, "enabled": False}
        for name, section in policy.tables.items()
        if name in policy.detectors and name not in names
    }
    tables = {**policy.tables, **off}
    return Catalogue(Policy(tables, policy.detectors), catalogue.model)


def _counts_otherwise(old: Policy, new: Policy) -> bool:
    """Whether a province counts another car as hardly used, by a threshold that belongs to a rule."""
    one, other = hardly_used(old), hardly_used(new)
    return (one.maximum_km, one.maximum_reading_age_days) != (
        other.maximum_km,
        other.maximum_reading_age_days,
    )


def _model_id(catalogue: Catalogue) -> str | None:
    return None if catalogue.model is None else catalogue.model.model_id
