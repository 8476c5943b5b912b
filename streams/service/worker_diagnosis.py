"""What keeps the workers, as they say it themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from streams.service.diagnosed import Diagnosis
from streams.service.neighbours import Neighbour


def diagnose_workers(asked: Sequence[Neighbour]) -> Iterator[Diagnosis]:
    """What the owners of partitions say when they are asked what keeps them."""
    for one in asked:
        yield from _said_by(one)
    yield from _doubles(asked)


def _said_by(neighbour: Neighbour) -> Iterator[Diagnosis]:
    url, said = neighbour.url, neighbour.readiness
    if said is None and not neighbour.answered:
        yield Diagnosis("note", f"worker {url} does not answer", "is it running, is it reachable?")
        return
    if said is None:
        yield Diagnosis("note", f"{url} does not answer as a worker", "is it one?")
        return
    for number, why in said.failing.items():
        yield Diagnosis("problem", f"partition {number} of {url}: {why}", "see deploy/RUNBOOK.md")
    if said.held_back:
        yield Diagnosis(
            "note",
            f"{said.held_back:,} vehicles of {url} are older than they are kept, too many to just go",
            "`zeromile watermarks show`; `zeromile state forget --before DAY` if the days are right",
        )
    for topic, records in said.unreadable.items():
        yield Diagnosis(
            "problem",
            f"{records:,} records of {topic} cannot be read by {url} and were passed over",
            "its log names their offsets; somebody else writes to that topic: take the right away",
        )
    recovering = sorted(set(said.assigned) - set(said.recovered))
    if recovering:
        yield Diagnosis("note", f"{url} is reading the state of partitions {recovering}", "wait")


def _doubles(neighbours: Sequence[Neighbour]) -> Iterator[Diagnosis]:
    """Workers that throw one another out of the group."""
    urls: dict[str, list[str]] = {}
    for one in neighbours:
        if one.readiness is not None and one.readiness.instance_id is not None:
            urls.setdefault(one.readiness.instance_id, []).append(one.url)
    for instance_id, workers in urls.items():
        if len(workers) > 1:
            yield Diagnosis(
                "problem",
                f"workers {' and '.join(workers)} have one ZEROMILE_INSTANCE_ID, {instance_id!r}",
                "give each its own: they throw one another out of the group",
            )
