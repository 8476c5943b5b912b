"""The methods by name, and what each needs of a table of counts."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.country import CHINA, Country
from detectors.spikes.calendar import calendar_regressors, seasonal_regressors
from detectors.spikes.panel import MINIMUM_COUNT, WARM_UP, ss_nb
from detectors.spikes.scan import DAY_WINDOWS, WEEK_WINDOWS
from detectors.spikes.scores import Scores
from streams.spikes.counts import CountTable
from streams.spikes.ears import ears
from streams.spikes.farrington import FarringtonSettings, farrington
from streams.spikes.table_file import CountsError
from streams.spikes.trailing import trailing_mean

CALENDARS = ("auto", "country", "season", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodOptions:
    """What a caller may choose.

    Attributes
    ----------
    alpha : float or None
        Probability of a false alarm a region and period; None: the method's own default.
    calendar : str
        ``country`` (its feasts and holidays), ``season`` (sines and cosines of the year), ``none``, or
        ``auto``: the country's for tables whose regions are all its provinces, else the season's.
    country : Country
        Whose calendar it is.
    years : int
        Years of baseline of farrington.
    minimum_count : int
        Documents needed within the latest four periods.
    peers : bool or None
        Whether the regions are parts of one nation; None: when there are at least eight.
    every_upper : bool
        Whether the largest count without alarm is wanted everywhere or only where there is an alarm.
    """

    alpha: float | None = None
    calendar: str = "auto"
    country: Country = CHINA
    years: int = 5
    minimum_count: int = MINIMUM_COUNT
    peers: bool | None = None
    every_upper: bool = True


Method = Callable[[CountTable, MethodOptions], Scores]


def judge(table: CountTable, method: str, options: MethodOptions) -> Scores:
    """Judge a table by one of `METHODS`.

    Raises
    ------
    CountsError
        When the table does not suit the method or is too short for it.
    """
    try:
        return METHODS[method](table, options)
    except ValueError as error:
        raise CountsError(str(error)) from error


def regressors(table: CountTable, options: MethodOptions) -> NDArray[np.float64]:
    """Return the calendar regressors of every period of a table."""
    chosen, country = options.calendar, options.country
    if chosen == "auto":
        known = re.compile(rf"{country.code}(-[A-Z0-9]{{1,3}})?\Z")
        chosen = "country" if all(map(known.match, table.regions)) else "season"
    if chosen == "country":
        return calendar_regressors(table.starts, table.ends, country.calendar)
    if chosen == "season":
        return seasonal_regressors(table.starts, table.ends)
    return np.zeros((len(table.periods), 0))


def _ss_nb(table: CountTable, options: MethodOptions) -> Scores:
    daily = table.kind == "day"
    return ss_nb(
        table.counts,
        regressors(table, options),
        alpha=0.005 if options.alpha is None else options.alpha,
        windows=DAY_WINDOWS if daily else WEEK_WINDOWS,
        peers=options.peers,
        warm_up=WARM_UP * 7 if daily else WARM_UP,
        minimum_count=options.minimum_count,
        every_upper=options.every_upper,
    )


def _farrington(table: CountTable, options: MethodOptions) -> Scores:
    if table.kind != "week":
        raise CountsError(f"method farrington judges weeks; the periods are {table.kind}s")
    settings = FarringtonSettings(
        years=options.years,
        alpha=0.005 if options.alpha is None else options.alpha,
        minimum_cases=options.minimum_count,
    )
    return farrington(table.counts, settings, days=table.starts)


def _ears_c1(table: CountTable, options: MethodOptions) -> Scores:
    return ears(table.counts, "c1", alpha=options.alpha)


def _ears_c2(table: CountTable, options: MethodOptions) -> Scores:
    return ears(table.counts, "c2", alpha=options.alpha)


def _ears_c3(table: CountTable, options: MethodOptions) -> Scores:
    return ears(table.counts, "c3", alpha=options.alpha)


def _trailing(table: CountTable, options: MethodOptions) -> Scores:
    return trailing_mean(table.counts, alpha=options.alpha)


METHODS: dict[str, Method] = {
    "ss-nb": _ss_nb,
    "farrington": _farrington,
    "ears-c1": _ears_c1,
    "ears-c2": _ears_c2,
    "ears-c3": _ears_c3,
    "trailing-mean": _trailing,
}
