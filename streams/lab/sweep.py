"""One threshold over a range of values: how the load and, where it is known, the score move."""

import copy
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec

from detectors.errors import ZeromileError
from detectors.policy import Policy

MOST: Final = 50
"""Values of one sweep: each is a backtest."""
_FORM: Final = re.compile(r"(\w+)\.(\w+)=(-?[\d.]+?)\.\.(-?[\d.]+?)(?::([\d.]+))?")


class SweepError(ZeromileError):
    """A sweep that cannot be done."""


class Sweep(NamedTuple):
    """Which threshold takes which values."""

    detector: str
    parameter: str
    values: tuple[float, ...]


def parse_sweep(text: str) -> Sweep:
    """Read ``detector.parameter=low..high`` with ``:step`` behind it if it is not 1.

    >>> parse_sweep("double_sale.window_days=3..5").values
    (3, 4, 5)
    >>> parse_sweep("price_gap.low=0.2..0.4:0.1").values
    (0.2, 0.3, 0.4)
    """
    form = _FORM.fullmatch(text)
    if form is None:
        raise SweepError(
            f"{text!r} is no sweep; allowed: detector.parameter=low..high or …=low..high:step"
        )
    detector, parameter, low, high, step = form.groups()
    try:
        first, last, width = float(low), float(high), float(step or 1)
    except ValueError:
        raise SweepError(f"{text!r}: its limits are no numbers") from None
    if width <= 0 or last < first:
        raise SweepError(f"{text!r}: it must go up from its first value by a step above 0")
    count = int((last - first) / width + 1e-9) + 1
    if count > MOST:
        raise SweepError(f"{text!r} has {count} values; allowed: at most {MOST}")
    values = [round(first + n * width, 9) for n in range(count)]
    return Sweep(detector, parameter, tuple(int(v) if v.is_integer() else v for v in values))


def policies(base: Policy, sweep: Sweep) -> Iterator[tuple[float, Policy]]:
    """The base policy with each value in turn.

    Raises
    ------
    SweepError
        If there is no such detector or parameter.
    detectors.errors.PolicyError
        If a value is not allowed.
    """
    if sweep.detector not in base.detectors:
        raise SweepError(f"there is no detector {sweep.detector!r}: zeromile detectors list")
    known = msgspec.structs.asdict(base.parameters[sweep.detector])
    if sweep.parameter not in known:
        raise SweepError(
            f"{sweep.detector} has no parameter {sweep.parameter!r}; allowed: {', '.join(known)}"
        )
    for value in sweep.values:
        tables: dict[str, Any] = copy.deepcopy(base.tables)
        tables.setdefault(sweep.detector, {})[sweep.parameter] = value
        yield value, Policy(tables, base.detectors)
