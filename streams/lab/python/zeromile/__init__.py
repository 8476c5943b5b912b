"""zeromile from Python: documents in, alerts out, as tables of pandas, Polars or Arrow.

>>> import zeromile
>>> documents = zeromile.read([
...     {"event_type": "registration", "kind": kind, "event_id": kind, "source": "register-gd",
...      "vin": "LSVAU218XN2183294", "occurred_at": day, "owner_id": owner}
...     for kind, day, owner in [("initial", "2022-03-01", "dealer"), ("transfer", "2022-03-04", "b")]
... ])
>>> judged = documents.judge()
>>> [alert["detector"] for alert in judged.alerts.to_dicts()]
['double_sale']
>>> wider = documents.judge(policy={"double_sale": {"window_days": 3}})
>>> zeromile.backtest(judged, wider).changes
{'new': 0, 'gone': 1, 'severity': 0, 'words': 0}

What stands in ``__all__`` is kept stable; nothing is imported before it is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detectors.errors import ZeromileError
    from streams.lab.comparing import BacktestResult, backtest
    from streams.lab.frame import Frame
    from streams.lab.judged import Judged
    from streams.lab.read_documents import ReadDocuments
    from streams.lab.reading import read

__all__ = [
    "BacktestResult",
    "Frame",
    "Judged",
    "ReadDocuments",
    "ZeromileError",
    "__version__",
    "backtest",
    "read",
]

_PLACES = {
    "BacktestResult": "streams.lab.comparing",
    "Frame": "streams.lab.frame",
    "Judged": "streams.lab.judged",
    "ReadDocuments": "streams.lab.read_documents",
    "ZeromileError": "detectors.errors",
    "__version__": "streams",
    "backtest": "streams.lab.comparing",
    "read": "streams.lab.reading",
}

__version__: str


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'zeromile' has no attribute {name!r}")
    found: object = getattr(import_module(_PLACES[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
