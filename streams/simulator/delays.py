"""When a document is written into its feed and when it arrives."""

import numpy as np

from streams.simulator.calendars import FloatArray, IntArray
from streams.simulator.sections import Delays

DAY = 86_400
EVENING = 17 * 3600
"""Customs writes its feed in the evening, after the day's declarations."""


def recorded_and_arrival(
    rng: np.random.Generator, delays: Delays, table: str, day: IntArray, hold: FloatArray
) -> tuple[IntArray, IntArray]:
    """Seconds since ordinal 0 (Shanghai time) of writing and of arrival.

    Parameters
    ----------
    rng
        Source of the delays.
    delays
        Parameters of the feeds.
    table
        The event type.
    day
        Ordinals of the documents' days.
    hold
        Days that the feed held each document back, after it was written.
    """
    median = {
        "registration": delays.registration_median_days,
        "deregistration": delays.deregistration_median_days,
        "customs_export": delays.customs_median_days,
    }[table]
    count = len(day)
    opens, closes = (EVENING, DAY) if table == "customs_export" else (8 * 3600 + 1800, 18 * 3600)
    office = rng.integers(opens, closes, count)
    waiting = median * np.exp(delays.sigma * rng.standard_normal(count))
    straggling = rng.random(count) < delays.straggler_share
    least, most = delays.straggler_days
    waiting = np.where(straggling, least + (most - least) * rng.random(count), waiting)
    written = day * DAY + office + (0.4 * waiting * DAY).astype(np.int64)
    arrival = written + ((0.6 * waiting + hold) * DAY).astype(np.int64) + 1
    return written, arrival
