"""Farrington flexible and EARS against what R's surveillance package computed."""

import shutil
import subprocess

import numpy as np
import pytest

from streams.spikes.ears import ears
from streams.spikes.farrington import FarringtonSettings, farrington
from tests.spikes.shared_data import table_of

UNIX_EPOCH = 719_163


def agona():
    return table_of("agona")["y"][None, :].astype(float)


def newport():
    states = table_of("newport")
    counts = np.array([list(row) for row in states]).sum(axis=1)[None, :]
    return counts, table_of("newport_epoch")["epoch"].astype(int) + UNIX_EPOCH


def assert_same(scores, reference, first):
    judged = slice(first, first + len(reference))
    expected, upper = scores.expected[0, judged], scores.upper[0, judged]
    assert (scores.alarm[0, judged] == (reference["alarm"] > 0)).all()
    np.testing.assert_allclose(expected, reference["mu0"], rtol=1e-6)
    np.testing.assert_allclose(scores.p[0, judged], reference["pvalue"], rtol=1e-6)
    bounded = np.isfinite(reference["upper"])  # R gives no bound where four weeks have few cases
    assert bounded.sum() > 20
    np.testing.assert_allclose(upper[bounded], reference["upper"][bounded], rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "alpha", "trend_level"), [("agona_nb10", 0.1, 1.0), ("agona_nb10_005", 0.005, 0.05)]
)
def test_salmonella_agona(name, alpha, trend_level):
    settings = FarringtonSettings(years=4, alpha=alpha, trend_level=trend_level)
    assert_same(farrington(agona(), settings, first=281), table_of(name), 281)


def test_salmonella_newport_with_dates():
    counts, days = newport()
    settings = FarringtonSettings(years=4, alpha=0.05)
    scores = farrington(counts, settings, first=292, days=days)
    assert_same(scores, table_of("newport_nat_nb10"), 292)


def test_counting_52_weeks_a_year_instead_of_dates_is_noticed():
    counts, _ = newport()
    scores = farrington(counts, FarringtonSettings(years=4, alpha=0.05), first=292)
    with pytest.raises(AssertionError):
        assert_same(scores, table_of("newport_nat_nb10"), 292)


@pytest.mark.parametrize("variant", ["c1", "c2", "c3"])
def test_ears(variant):
    reference = table_of(f"agona_ears{variant.upper()}")
    scores = ears(agona(), variant, minimum_sd=0.0, carry_onto="observed")
    assert (scores.alarm[0, 19:] == (reference["alarm"] > 0)).all()
    np.testing.assert_allclose(scores.upper[0, 19:], reference["upper"], rtol=1e-6, atol=1e-9)


def test_constant_weeks_do_not_alarm_on_the_first_case():
    counts = np.zeros((1, 12))
    counts[0, 10] = 1.0
    assert not ears(counts, "c1").alarm.any()
    assert ears(counts, "c1", minimum_sd=0.0).alarm[0, 10]


R_SCRIPT = """
suppressMessages(library(surveillance))
data(salmonella.agona)
x <- disProg2sts(salmonella.agona)
f <- farringtonFlexible(x, list(range=282:312, b=4, w=3, noPeriods=10, weightsThreshold=2.58,
  pastWeeksNotIncluded=26, thresholdMethod="nbPlugin", alpha=0.02, pThresholdTrend=1))
cat(as.integer(alarms(f)), "\\n", upperbound(f)[, 1], "\\n")
"""


def test_r_itself_agrees_where_it_is_installed():
    r = shutil.which("Rscript")
    if r is None:
        pytest.skip("R is not installed: its recorded outputs are compared above")
    run = subprocess.run([r, "-e", R_SCRIPT], capture_output=True, text=True, check=False)  # noqa: S603
    if "no package called" in run.stderr:
        pytest.skip("R has no package surveillance: its recorded outputs are compared above")
    assert run.returncode == 0, run.stderr
    alarm, upper = (np.array(line.split(), float) for line in run.stdout.strip().splitlines())
    scores = farrington(agona(), FarringtonSettings(years=4, alpha=0.02), first=281)
    assert (scores.alarm[0, 281:] == (alarm > 0)).all()
    np.testing.assert_allclose(scores.upper[0, 281:], upper, rtol=1e-6)
