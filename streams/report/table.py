"""The table of alerts: rows as short arrays, filtered and paged by the page's own script."""

from collections.abc import Mapping
from typing import Any

from detectors.findings import SEVERITIES
from streams.report.alerts import AlertTally
from streams.report.names import province_name


def alert_table(tally: AlertTally, titles: Mapping[str, str]) -> dict[str, Any]:
    """Columns, distinct values for the filters, and the rows.

    Detectors and provinces are numbers into their lists: it keeps the file small.
    """
    listed = tally.all
    detectors = sorted({alert.detector for alert in listed}, key=lambda d: titles.get(d, d))
    codes = [alert.labels.get("province") for alert in listed]
    provinces = sorted({province_name(code) for code in codes})
    rows = [
        [
            alert.occurred_at[:10],
            SEVERITIES.index(alert.severity),
            detectors.index(alert.detector),
            alert.subject if alert.subject_type == "vehicle" else province_name(alert.subject),
            provinces.index(province_name(code)),
            alert.explanation,
            round(alert.score, 2),
            int(alert.shadow),
        ]
        for alert, code in zip(listed, codes, strict=True)
    ]
    return {
        "severities": SEVERITIES,
        "detectors": [titles.get(detector, detector) for detector in detectors],
        "provinces": provinces,
        "rows": rows,
    }
