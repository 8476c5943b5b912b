"""The contract that every detector keeps, as checks that anyone can run on a detector of their own.

    check_detector(detector, firing=histories_that_fire, quiet=histories_that_almost_do)

Every check tries to break one promise: purity, order-invariance, stable ids, evidence, bounds. What
is broken is collected and told at once.
"""

from detectors.checks.suite import CHECKS, check_detector

__all__ = ["CHECKS", "check_detector"]
