-- The figures that head the report, in one row. Detectors on trial are left out.
SELECT alerts.firing AS firing_alerts, alerts.high AS high_or_critical_alerts, alerts.critical AS critical_alerts,
       alerts.vehicles AS vehicles_with_alerts, counted.vehicles, counted.used_exports,
       counted.registered, counted.exported_within_180_days,
       1.0 * counted.exported_within_180_days / NULLIF(counted.registered, 0) AS exported_share,
       counted.double_counted_cny, counted.declared_cny, counted.rebate_exposure_cny
FROM (
    SELECT COUNT(*) AS firing,
           COUNT(*) FILTER (WHERE severity IN ('high', 'critical')) AS high,
           COUNT(*) FILTER (WHERE severity = 'critical') AS critical,
           (SELECT COUNT(*) FROM firing_vehicles) AS vehicles
    FROM firing_alerts
) AS alerts
CROSS JOIN document_figures AS counted
