"""By what a case was judged: the policy and the model's manifest, where they are the ones at hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from streams.evidence.case import CaseFile
from streams.models.choice import DEFAULT, chosen_model_id, model_directory
from streams.setup.policy import load_policy, shipped_policy_text

_MANIFEST = "manifest.json"


def with_judges(case: CaseFile, override: Path | None) -> CaseFile:
    """The case with the policy and the model's manifest that its alerts name, if they are these.

    Parameters
    ----------
    case
        As the store tells it.
    override
        Policy file that the installation judges by, beside the one that ships.
    """
    extras = {"policy.toml": shipped_policy_text()}
    if override is not None:
        extras["policy-override.toml"] = override.read_text("utf-8")
    digest = load_policy(override).digest
    others = sorted({alert.policy_id or "unknown" for alert in case.alerts} - {digest})
    both = "policy.toml with policy-override.toml" if override else "policy.toml"
    lines = [f"{both} is {digest}"]
    lines += [f"some alerts were judged by {other}, which is not in this pack" for other in others]
    extras["policy.txt"] = "\n".join([*lines, ""])
    if any(alert.model_id == chosen_model_id(DEFAULT) for alert in case.alerts):
        extras["model-manifest.json"] = (model_directory(DEFAULT) / _MANIFEST).read_text("utf-8")
    return replace(case, extras=case.extras | extras)
