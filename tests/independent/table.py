"""The score as a plain table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tests.independent.score import LABELS, SEVERITIES, Score, Share


def plain_table(score: Score) -> str:
    """All figures as text, shares in percent with their 95 % intervals."""
    return "\n".join(_rows(score))


def _rows(score: Score) -> Iterator[str]:
    yield "Accused: an alert, not in the shadow, at medium or above"
    yield f"{'label':10}{'class':30}{'vehicles':>9}  {'accused':>24}  {'mentioned':>9}  told by"
    for label in LABELS:
        share = score.labels[label]
        yield f"{label:10}{'(all)':30}{share.whole:9,}  {_share(share)}"
    for one in score.classes:
        told = ", ".join(f"{name} {count}" for name, count in one.told_by[:3])
        mentioned = f"{100 * (one.mentioned.value or 0):8.1f}%"
        yield (
            f"{one.label:10}{one.story:30}{one.accused.whole:9,}  {_share(one.accused)}  {mentioned}"
            f"  {told}".rstrip()
        )
    yield ""
    yield (
        f"{'detector':40}{'severity':10}{'alerts':>8}{'vehicles':>9}  {'schemes among them':>24}  "
        + "".join(f"{label:>10}" for label in LABELS)
    )
    for each in score.detectors:
        name = f"{each.detector}{' (shadow)' if each.shadow else ''}"
        counts = "".join(f"{each.by_label.get(label, 0):10,}" for label in LABELS)
        yield (
            f"{name:40}{each.severity:10}{each.alerts:8,}{each.right.whole:9,}"
            f"  {_share(each.right)}  {counts}"
        )
    yield ""
    figures = (f"{name} {score.per_thousand[name]:.2f}" for name in (*SEVERITIES, "all"))
    yield "Alerts per 1,000 vehicles: " + ", ".join(figures)
    yield from _budgets(score)


def _budgets(score: Score) -> Iterable[str]:
    yield "Schemes among the first vehicles:"
    for order, shares in score.budgets.items():
        yield f"  {order:24}" + "".join(
            f"{budget:>6}:{_share(share)}" for budget, share in shares.items()
        )
    if score.within_a_week is not None:
        yield (
            f"  used exports within 7 days of the first registration, {score.within_a_week.whole:,}:"
            f"{_share(score.within_a_week)}"
        )


def _share(share: Share) -> str:
    if share.interval is None:
        return f"{'none':>24}"
    low, high = share.interval
    interval = f"{100 * low:.1f}–{100 * high:.1f}"
    return f"{share.of_them:>6,} {100 * (share.value or 0):5.1f}% {interval:>10}"
