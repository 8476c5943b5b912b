"""Tables about models and their populations."""

from collections.abc import Iterable, Mapping

from rich.table import Table

from detectors.forest.drift import MOVED, Drift
from streams.models.comparison import Agreement
from streams.models.manifest import ForestEntry, Manifest
from streams.models.population import Populations


def population_table(found: Populations) -> Table:
    """Who was offered, who entered, who did not and why."""
    table = Table(
        title=f"Population of {found.window.first_day} to {found.window.last_day}",
        title_justify="left",
    )
    table.add_column("vehicles")
    table.add_column("number", justify="right")
    table.add_row("offered", f"{found.offered:,}")
    table.add_row("nothing to judge: not exported", f"{_unjudged(found):,}")
    for reason, number in sorted(found.refused.items()):
        table.add_row(f"not in the reference: {reason}", f"{number:,}")
    table.add_row("reference: exports that no rule finds", f"{len(found.reference.values):,}")
    table.add_row("exports: all used exports", f"{len(found.exports.values):,}")
    return table


def _unjudged(found: Populations) -> int:
    return found.offered - found.judgeable


def forest_table(manifest: Manifest) -> Table:
    """The forests of a model side by side."""
    table = Table(title=f"Model {manifest.model_id}", title_justify="left")
    entries = _forests(manifest)
    rows = {name: _forest_rows(entry) for name, entry in entries.items()}
    table.add_column("")
    for name in entries:
        table.add_column(name, justify="right", overflow="fold")
    for figure in _in_order(rows.values()):
        table.add_row(figure, *(rows[name].get(figure, "") for name in entries))
    return table


def origin_table(manifest: Manifest) -> Table:
    """Window, libraries and population of a model."""
    table = Table(title="Where it comes from", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    for name, cell in _origin_rows(manifest).items():
        table.add_row(name, cell)
    return table


def comparison_table(first: Manifest, second: Manifest) -> Table:
    """Two models side by side, every figure of both in one row; empty where one has no such figure."""
    table = Table("", title="Two models", title_justify="left")
    described = [_all_rows(manifest) for manifest in (first, second)]
    for name in ("first", "second"):
        table.add_column(name, justify="right", overflow="fold")
    for figure in _in_order(described):
        table.add_row(figure, *(rows.get(figure, "") for rows in described))
    return table


def _all_rows(manifest: Manifest) -> dict[str, str]:
    rows = {"model": manifest.model_id}
    for forest, entry in _forests(manifest).items():
        rows |= {f"{forest}: {figure}": cell for figure, cell in _forest_rows(entry).items()}
    return rows | _origin_rows(manifest)


def _forests(manifest: Manifest) -> dict[str, ForestEntry]:
    entries = {"reference": manifest.reference}
    if manifest.exports is not None:
        entries["among exports"] = manifest.exports
    return entries


def _in_order(described: Iterable[Mapping[str, str]]) -> Iterable[str]:
    """Names of all rows, each once, in the order in which they come."""
    return dict.fromkeys(name for rows in described for name in rows)


def _forest_rows(entry: ForestEntry) -> dict[str, str]:
    return {
        "vehicles trained on": f"{entry.rows:,}",
        "vehicles held out": f"{entry.held_out:,}",
        "least p-value": f"{1 / (entry.held_out + 1):.1e}",
        "trees x samples": f"{entry.trees} x {entry.samples}",
        "score at p = 0.01": f"{entry.score_at_1_percent:.4f}",
        "provinces": f"{len(entry.provinces)}",
        **{name.replace("_", " "): f"{entry.metrics[name]:.4f}" for name in sorted(entry.metrics)},
    }


def _origin_rows(manifest: Manifest) -> dict[str, str]:
    libraries, population = manifest.libraries, manifest.population
    return {
        "trained at": manifest.trained_at.isoformat(),
        "window": f"{manifest.window.first_day} to {manifest.window.last_day}",
        "seed": str(manifest.seed),
        "written with": f"zeromile {libraries.zeromile}, scikit-learn {libraries.scikit_learn}, "
        f"numpy {libraries.numpy}, skops {libraries.skops}",
        "SHA-256": manifest.sha256,
        "vehicles offered": f"{population.offered:,}",
        **{f"admitted: {name}": f"{number:,}" for name, number in population.admitted.items()},
        **{f"refused: {name}": f"{number:,}" for name, number in population.refused.items()},
    }


def agreement_table(agreements: dict[str, Agreement]) -> Table:
    """How two models judge the same vehicles; of none there is nothing to say."""
    table = Table(title="The same vehicles at p <= 0.01", title_justify="left")
    for column in ("forest", "vehicles", "both", "only first", "only second", "rank correlation"):
        table.add_column(column, justify="left" if column == "forest" else "right")
    for name, a in agreements.items():
        counts = (a.vehicles, a.both, a.only_first, a.only_second)
        if not a.vehicles:
            table.add_row(name, "0", "", "", "", "")
            continue
        correlation = "" if a.rank_correlation is None else f"{a.rank_correlation:.3f}"
        table.add_row(name, *(f"{count:,}" for count in counts), correlation)
    return table


def drift_table(drift: Drift) -> Table:
    """Stability of every feature, moved ones in red."""
    table = Table(title=f"Drift of {drift.vehicles:,} fresh vehicles", title_justify="left")
    table.add_column("feature")
    table.add_column("stability index", justify="right")
    for name, index in drift.stability.items():
        style = "red" if index > MOVED else ""
        table.add_row(name, f"{index:.3f}", style=style)
    table.add_row("share at p <= 0.01", f"{drift.unusual:.4f}")
    return table
