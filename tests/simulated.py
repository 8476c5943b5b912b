"""A small simulated country as a recorded stream."""

import datetime
from pathlib import Path

from streams.simulator import load_country, simulate


def record_country(out: Path, *, vehicles: int, seed: int) -> Path:
    """Record three years with every scheme, look-alike, amendment, void, duplicate and broken line.

    What is true about the vehicles is written beside it, as `truth.jsonl`.
    """
    simulate(
        load_country(), vehicles=vehicles, days=1096, seed=seed, export_share=0.3,
        start=datetime.date(2023, 10, 1).toordinal(), out=out, truth=out.with_name("truth.jsonl"),
    )  # fmt: skip
    return out
