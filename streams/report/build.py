"""Put the report together: one pass over the vehicles, one over the alerts, one page."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol, cast

from detectors.alerts import Alert
from detectors.base import Declared
from detectors.country import Country
from detectors.policy import Policy
from detectors.spikes.watch import WatchReport
from streams.engine.engine import Engine
from streams.engine.results import Counters
from streams.report.adjusted_retail import WINDOW_DAYS, RetailSums
from streams.report.alert_charts import detector_weeks, weekly_alerts
from streams.report.alerts import AlertTally
from streams.report.calendar import ReportPeriod, first_of_month, month_number, month_text, period_of
from streams.report.cases import cases
from streams.report.charts import Chart
from streams.report.export_charts import Bands, bands_of, heatmap, weekly_exports, why_no_band
from streams.report.figures import definitions_of, headline_figures
from streams.report.highlights import highlights
from streams.report.page import render
from streams.report.parties import DOUBLE_SALE, party_table
from streams.report.provinces import measures, provinces
from streams.report.retail_charts import monthly_retail
from streams.report.sources import Sources
from streams.report.spikes import spike_of
from streams.report.table import alert_table
from streams.report.vehicles import TalliedVehicles, VehicleTally, tally_vehicles

TOP_VEHICLES: Final = 12
"""Vehicles told in full, beside the worst one of every further detector."""
ALIKE: Final = 3
"""Of those, how many may share one combination of detectors."""


class JudgedAtOnce(TalliedVehicles, Protocol):
    """Vehicles that a backfill has judged."""

    @property
    def counters(self) -> Counters:
        """What became of the documents."""

    @property
    def policy(self) -> Policy:
        """By which they were judged."""


def write_report(
    path: Path,
    judged: Engine | JudgedAtOnce,
    firing: Iterable[Alert],
    sources: Sources,
    watch: WatchReport | None = None,
) -> None:
    """Write the report on vehicles and the alerts that fire.

    Parameters
    ----------
    path
        The HTML file.
    judged
        The engine or the backfill that has read the documents.
    firing
        Alerts that still fire.
    sources
        What the head of the page says of the documents.
    watch
        What the provinces' watch expected of every week, to draw it beside the counts.
    """
    alerts = AlertTally(firing)
    suspects = alerts.suspects(TOP_VEHICLES, ALIKE)
    vehicles = _tally(judged, {suspect.vin for suspect in suspects}, alerts)
    bands = bands_of(watch)
    country = judged.policy.country
    charts, context = _context(alerts, vehicles, bands, judged.policy)
    context |= {
        "sources": sources,
        "why_no_band": why_no_band(bands, watch),
        "counters": judged.counters,
        "policy_id": judged.policy.digest,
        "lateness_days": judged.policy.watermarks.allowed_lateness_days,
        "cases": cases(suspects, vehicles.cases, country),
        "top_vehicles": TOP_VEHICLES,
        "alike": ALIKE,
    }
    tables = {
        "table": alert_table(alerts, _titles(alerts), vehicles.exporters, country),
        "parties": party_table(alerts.ranked, vehicles.sold, country),
    }
    path.write_text(render(context, charts, tables), encoding="utf-8")


def _tally(judged: Engine | JudgedAtOnce, wanted: set[str], alerts: AlertTally) -> VehicleTally:
    """Counts over all vehicles, and the histories of those that are told in full."""
    if not hasattr(judged, "tally"):
        sold_twice = {alert.subject for alert in alerts.all if alert.detector == DOUBLE_SALE}
        return tally_vehicles(judged.store, wanted, alerts.subjects, sold_twice)
    at_once = cast("JudgedAtOnce", judged)
    tally = at_once.tally
    tally.cases = at_once.histories(wanted)
    return tally


def _titles(alerts: AlertTally) -> dict[str, str]:
    return {alert.detector: alert.title for alert in alerts.all}


def _context(
    alerts: AlertTally, vehicles: VehicleTally, bands: Bands, policy: Policy
) -> tuple[list[Chart], dict[str, Any]]:
    country = policy.country
    period = period_of(vehicles.document_weeks.items())
    weeks = period.weeks
    spikes = [spike_of(alert) for alert in alerts.spikes]
    ranking = provinces(vehicles, alerts, country)
    months, final_before = _months(period, vehicles.last_day)
    charts = [
        weekly_alerts(alerts, weeks, _titles(alerts)),
        heatmap(vehicles.exports, spikes, weeks, country),
        weekly_exports(vehicles.exports, spikes, weeks, bands, country),
        monthly_retail(vehicles.retail, months, final_before, country),
    ]
    return charts, {
        "alerts": alerts,
        "figures": headline_figures(alerts, vehicles, country),
        "definitions": definitions_of(country),
        "vehicles": vehicles,
        "period": period,
        "last_shown": _last_shown(period, vehicles.last_day),
        "retail": vehicles.retail.total(),
        "retail_cells": _retail_cells(vehicles, months, country),
        "outside_months": vehicles.retail.total(lambda key: key[1] not in set(months)).registered,
        "final_before": final_before,
        "months": months,
        "provinces": ranking,
        "measures": measures(ranking, country),
        "spikes": spikes,
        "highlights": list(highlights(alerts, ranking, spikes, country)),
        "detectors": _detectors(alerts, weeks, policy.detectors),
        "catalogue": [detector.spec for detector in policy.detectors.values()],
        "window_days": WINDOW_DAYS,
        "country": country,
    }


def _last_shown(period: ReportPeriod, last_day: int | None) -> int:
    """Last civil day of the charts; 0 where there is nothing to show."""
    return min(last_day or 0, period.last_day or 0)


def _months(period: ReportPeriod, last_day: int | None) -> tuple[list[int], int]:
    """Months to show, and the first whose cars can still leave within the window."""
    if period.first_day is None:
        return [], 0
    last = _last_shown(period, last_day)
    months = list(range(month_number(period.first_day), month_number(last) + 1))
    open_months = [m for m in months if first_of_month(m + 1) - 1 + WINDOW_DAYS > last]
    return months, min(open_months, default=months[-1] + 1)


def _retail_cells(
    vehicles: VehicleTally, months: list[int], country: Country
) -> dict[str, list[list[Any]]]:
    """Rows of the monthly table by province, the nation under "all"."""
    cells = vehicles.retail.cells
    by_month = vehicles.retail.by_month()
    tables = {"all": [_row(month, by_month.get(month), country) for month in months]}
    for province in sorted(vehicles.retail.by_province(), key=lambda code: code or ""):
        tables[province or "none"] = [
            _row(month, cells.get((province, month)), country) for month in months
        ]
    return tables


def _row(month: int, sums: RetailSums | None, country: Country) -> list[Any]:
    sums = sums or RetailSums()
    money = (sums.double_counted_cny, sums.declared_cny, sums.rebate_exposure_cny(country))
    return [month_text(month), sums.registered, sums.exported, *(round(amount) for amount in money)]


def _detectors(
    alerts: AlertTally, weeks: list[int], known: Mapping[str, type[Declared]]
) -> list[dict[str, Any]]:
    """Rows of the table of detectors, the most frequent first; those on trial last."""
    titles = _titles(alerts)
    counted = [(identity, total, False) for identity, total in alerts.by_detector.most_common()]
    on_trial = [(identity, total, True) for identity, total in alerts.on_trial.most_common()]
    return [
        {
            "title": titles[identity],
            "description": known[identity].spec.description if identity in known else "",
            "total": total,
            "weeks": detector_weeks(alerts, weeks, identity),
            "on_trial": trial,
        }
        for identity, total, trial in counted + on_trial
    ]
