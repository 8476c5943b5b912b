"""A warning that a model does not fit the documents that it was made to judge."""

from collections.abc import Mapping

from detectors.alerts import Alert
from detectors.forest.fit import LEVEL, MOST_UNUSUAL
from detectors.forest.trained import ForestModel
from streams.backfill.backfill import Backfill
from streams.backfill.replay import Replay
from streams.cli.console import errors


def warn_of_misfit(
    model: ForestModel | None, run: Replay | Backfill, firing: Mapping[str, Alert]
) -> None:
    """Say on the standard error stream that the forests' alerts mean little here, where that is so.

    Parameters
    ----------
    model
        The model, if one judged.
    run, firing
        The replay that it judged in, and what fires at its end.
    """
    if model is None:
        return
    # Half of what a replay without a model would take to start.
    from streams.models.fit import MOST_LOOKED_AT, fit_of

    fit = fit_of(model, run.exported(MOST_LOOKED_AT), firing)
    if fit.misfit:
        errors.print(
            f"[bold yellow]the model does not fit these documents:[/] {fit.unusual:.0%} of "
            f"{fit.exports:,} exports that no rule finds lie at p <= {LEVEL:g}, where {LEVEL:.0%} is "
            f"expected and at most {MOST_UNUSUAL:.0%} allowed; its alerts mean little: train a model "
            "on documents of the same kind with `zeromile train`",
            highlight=False,
            soft_wrap=True,
        )
