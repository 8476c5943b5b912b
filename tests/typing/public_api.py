"""What type checkers make of `import zeromile`; mypy reads it with the rest."""

from typing import TYPE_CHECKING, Any, assert_type

import zeromile

if TYPE_CHECKING:
    import pyarrow as pa


def use_everything(path: str, table: "pa.Table") -> None:
    """Use everything that is stable, and say of what type it is."""
    documents = zeromile.read(path, feed="es-dgt", country="ES", workers=2)
    assert_type(documents, zeromile.ReadDocuments)
    assert_type(zeromile.read([path, path]), zeromile.ReadDocuments)
    assert_type(zeromile.read(table), zeromile.ReadDocuments)
    judged = documents.judge(policy={"double_sale": {"window_days": 9}}, model="default")
    assert_type(judged, zeromile.Judged)
    assert_type(judged.alerts, zeromile.Frame)
    assert_type(judged.vehicles, zeromile.Frame)
    assert_type(judged.timeline("V"), zeromile.Frame)
    assert_type(documents.refused, zeromile.Frame)
    assert_type(len(documents), int)
    assert_type(judged.alerts.to_dicts(), list[dict[str, Any]])
    result = zeromile.backtest(judged, documents.judge(policy="mine.toml"))
    assert_type(result, zeromile.BacktestResult)
    assert_type(result.differences, zeromile.Frame)
    scored = zeromile.backtest(judged, judged, truth=path, outcomes="sqlite:///desk.sqlite")
    assert_type(scored.scores, zeromile.Frame)
    assert_type(zeromile.__version__, str)


def misuse(documents: zeromile.ReadDocuments) -> None:
    """What must be seen before it runs: an ignore that nothing needs is an error."""
    documents.judge(policy=7)  # type: ignore[arg-type]
    zeromile.backtest(documents, documents)  # type: ignore[arg-type]
    zeromile.read()  # type: ignore[call-arg]
    documents.alerts  # type: ignore[attr-defined] # noqa: B018
