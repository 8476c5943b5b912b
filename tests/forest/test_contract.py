"""The forest findings keep the contract of every detector."""

import pytest

from detectors.checks import check_detector
from detectors.forest.unusual_export import UnusualExport
from detectors.forest.unusual_life_cycle import UnusualLifeCycle
from streams.setup.policy import load_policy
from tests.forest import population


@pytest.mark.parametrize("kind", [UnusualLifeCycle, UnusualExport])
def test_a_forest_finding_keeps_the_contract(kind, new_model):
    class Bound(kind):
        """The suite makes fresh detectors from parameters alone; the model comes from here."""

        def __init__(self, parameters):
            super().__init__(parameters, new_model.model)

    scheme = population.scheme(701, 6)
    quiet = [life.export() for life in population.ordinary(702, 6, "G")]
    if kind is UnusualExport:
        quiet = [life.export() for life in scheme[3:]]
        for life in scheme[:3]:
            life.kept *= 5
            life.licence_lag = 400
    check_detector(
        Bound(load_policy().parameters[kind.spec.id]),
        firing=[life.export() for life in scheme[:3]],
        quiet=quiet[:3],
    )
