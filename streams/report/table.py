"""The table of alerts: rows as short arrays, filtered and paged by the page's own script."""

from collections.abc import Mapping
from typing import Any

from detectors.country import Country
from detectors.findings import SEVERITIES
from streams.report.alerts import AlertTally
from streams.report.names import province_name


def alert_table(
    tally: AlertTally, titles: Mapping[str, str], exporters: Mapping[str, str], country: Country
) -> dict[str, Any]:
    """Columns, distinct values for the filters, and the rows.

    Detectors, provinces and exporters are numbers into their lists: it keeps the file small.

    Parameters
    ----------
    tally
        The alerts.
    titles
        Detector id to what people call it.
    exporters
        Who declared a vehicle for export, by VIN.
    country
        Whose provinces they are.
    """
    listed = tally.all
    detectors = sorted({alert.detector for alert in listed}, key=lambda d: titles.get(d, d))
    codes = [alert.labels.get("province") for alert in listed]
    provinces = sorted({province_name(country, code) for code in codes})
    named = sorted({exporters[alert.subject] for alert in listed if alert.subject in exporters})
    detector_index = {detector: index for index, detector in enumerate(detectors)}
    province_index = {province: index for index, province in enumerate(provinces)}
    exporter_index = {exporter: index for index, exporter in enumerate(named)}
    rows = [
        [
            alert.occurred_at[:10],
            SEVERITIES.index(alert.severity),
            detector_index[alert.detector],
            alert.subject if alert.subject_type == "vehicle" else province_name(country, alert.subject),
            province_index[province_name(country, code)],
            alert.explanation,
            round(alert.score, 2),
            int(alert.shadow),
            exporter_index[exporters[alert.subject]] if alert.subject in exporters else None,
        ]
        for alert, code in zip(listed, codes, strict=True)
    ]
    return {
        "severities": SEVERITIES,
        "detectors": [titles.get(detector, detector) for detector in detectors],
        "provinces": provinces,
        "exporters": named,
        "rows": rows,
    }
