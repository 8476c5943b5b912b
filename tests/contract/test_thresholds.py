"""The fixtures pin every threshold: a policy that is off by the smallest step is seen.

Each number of the shipped policy is moved a little, up and down; both times some fixture of its own
detector must end otherwise. A threshold that could move unseen is not tested.
"""

import copy
import datetime
from collections.abc import Iterator
from typing import Any

import pytest

from detectors.policy import Policy
from detectors.registry import DECLARED, RULES
from streams.setup.policy import load_policy
from tests.fixtures.loading import KINDS, fired, stream

SHIPPED = load_policy().tables
STEPS = {
    "price_gap.annual_depreciation": 0.1,
    "price_gap": 0.01,
    "double_sale.odd_price_gap": 0.02,
    "double_sale.wreck_share": 0.02,
    "young_used_export.wreck_share": 0.02,
}
"""Shares move by this part of themselves: the fixtures hold whole yuan, not the last cent."""

RULE_IDS = [rule.spec.id for rule in RULES]

Moved = tuple[str, tuple[Any, ...], Any]


def _moved(section: str) -> Iterator[Moved]:
    for path, value in _values(SHIPPED[section]):
        name = ".".join(str(step) for step in (section, *path))
        for sign in (-1, 1):
            yield f"{name}{sign:+d}", path, _step(name, value, sign)


def _values(table: Any) -> Iterator[tuple[tuple[Any, ...], Any]]:
    for key, value in table.items() if isinstance(table, dict) else enumerate(table):
        if isinstance(value, dict | list):
            yield from (((key, *path), v) for path, v in _values(value))
        elif isinstance(value, int | float | datetime.date) and not isinstance(value, bool):
            yield (key,), value


def _step(name: str, value: Any, sign: int) -> Any:
    if isinstance(value, datetime.date):
        return value + datetime.timedelta(days=sign)
    share = next((step for prefix, step in STEPS.items() if name.startswith(prefix)), None)
    return value + sign if share is None else value * (1 + sign * share)


MOVES = [(section, *move) for section in RULE_IDS for move in _moved(section)]


@pytest.mark.parametrize(("section", "name", "path", "value"), MOVES, ids=[m[1] for m in MOVES])
def test_a_threshold_that_moves_is_seen(section: str, name: str, path: tuple[Any, ...], value: Any):
    tables = copy.deepcopy(SHIPPED)
    place = tables[section]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    policy = Policy(tables, DECLARED)
    assert any(
        fired(source.lines, complete_through=source.complete_through, policy=policy) != source.expected
        for source in (stream(section, which) for which in KINDS)
    ), f"{name} could be {value} and no fixture of {section} would tell"
