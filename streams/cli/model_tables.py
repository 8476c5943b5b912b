"""Tables about models and their populations."""

from rich.table import Table

from detectors.forest.drift import MOVED, Drift
from streams.models.comparison import Agreement
from streams.models.manifest import Manifest
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
    table.add_row("nothing to judge: still with the first owner", f"{_unjudged(found):,}")
    for reason, number in sorted(found.refused.items()):
        table.add_row(f"not in the reference: {reason}", f"{number:,}")
    domestic = len(found.reference.values) - found.reference_exports
    table.add_row("reference: domestic life cycles", f"{domestic:,}")
    table.add_row("reference: vetted genuine used exports", f"{found.reference_exports:,}")
    table.add_row("exports: all used exports", f"{len(found.exports.values):,}")
    return table


def _unjudged(found: Populations) -> int:
    return found.offered - found.judgeable


def forest_table(manifest: Manifest) -> Table:
    """The forests of a model side by side."""
    table = Table(title=f"Model {manifest.model_id}", title_justify="left")
    entries = [("reference", manifest.reference)]
    if manifest.exports is not None:
        entries.append(("among exports", manifest.exports))
    table.add_column("")
    for name, _ in entries:
        table.add_column(name, justify="right", overflow="fold")
    rows = {
        "vehicles trained on": [f"{entry.rows:,}" for _, entry in entries],
        "vehicles held out": [f"{entry.held_out:,}" for _, entry in entries],
        "least p-value": [f"{1 / (entry.held_out + 1):.1e}" for _, entry in entries],
        "trees x samples": [f"{entry.trees} x {entry.samples}" for _, entry in entries],
        "score at p = 0.01": [f"{entry.score_at_1_percent:.4f}" for _, entry in entries],
        "provinces": [f"{len(entry.provinces)}" for _, entry in entries],
    }
    for metric in sorted({name for _, entry in entries for name in entry.metrics}):
        rows[metric.replace("_", " ")] = [
            f"{entry.metrics[metric]:.4f}" if metric in entry.metrics else "" for _, entry in entries
        ]
    for name, cells in rows.items():
        table.add_row(name, *cells)
    return table


def origin_table(manifest: Manifest) -> Table:
    """Window, libraries and population of a model."""
    table = Table(title="Where it comes from", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    table.add_row("trained at", manifest.trained_at.isoformat())
    table.add_row("window", f"{manifest.window.first_day} to {manifest.window.last_day}")
    table.add_row("seed", str(manifest.seed))
    libraries = manifest.libraries
    table.add_row(
        "written with",
        f"zeromile {libraries.zeromile}, scikit-learn {libraries.scikit_learn}, "
        f"numpy {libraries.numpy}, skops {libraries.skops}",
    )
    table.add_row("SHA-256", manifest.sha256)
    table.add_row("vehicles offered", f"{manifest.population.offered:,}")
    for name, number in manifest.population.admitted.items():
        table.add_row(f"admitted: {name}", f"{number:,}")
    for name, number in manifest.population.refused.items():
        table.add_row(f"refused: {name}", f"{number:,}")
    return table


def agreement_table(agreements: dict[str, Agreement]) -> Table:
    """How two models judge the same vehicles."""
    table = Table(title="The same vehicles at p <= 0.01", title_justify="left")
    for column in ("forest", "vehicles", "both", "only first", "only second", "rank correlation"):
        table.add_column(column, justify="left" if column == "forest" else "right")
    for name, a in agreements.items():
        counts = (a.vehicles, a.both, a.only_first, a.only_second)
        table.add_row(name, *(f"{count:,}" for count in counts), f"{a.rank_correlation:.3f}")
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
