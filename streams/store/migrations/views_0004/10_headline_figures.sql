-- The figures that head the report, in one row. Detectors on trial are left out.
SELECT alerts.firing AS firing_alerts, alerts.high AS high_or_critical_alerts, alerts.critical AS critical_alerts,
       alerts.vehicles AS vehicles_with_alerts,
       (SELECT COUNT(DISTINCT vin) FROM documents) AS vehicles,
       (SELECT COUNT(*) FROM counted_exports) AS used_exports,
       retail.registered, retail.exported_within_180_days,
       1.0 * retail.exported_within_180_days / NULLIF(retail.registered, 0) AS exported_share,
       retail.double_counted_cny, retail.declared_cny, retail.rebate_exposure_cny
FROM (
    SELECT COUNT(*) AS firing,
           COUNT(*) FILTER (WHERE severity IN ('high', 'critical')) AS high,
           COUNT(*) FILTER (WHERE severity = 'critical') AS critical,
           COUNT(DISTINCT CASE WHEN subject_type = 'vehicle' THEN subject END) AS vehicles
    FROM firing_alerts
) AS alerts
CROSS JOIN (
    SELECT COUNT(*) AS registered,
           COUNT(*) FILTER (WHERE days_to_export <= 180) AS exported_within_180_days,
           COALESCE(SUM(first_price_cny) FILTER (WHERE days_to_export <= 180), 0) AS double_counted_cny,
           COALESCE(SUM(declared_cny) FILTER (WHERE days_to_export <= 180), 0) AS declared_cny,
           COALESCE(SUM(purchase_before_tax_cny * 0.13) FILTER (WHERE days_to_export <= 180), 0)
               AS rebate_exposure_cny
    FROM vehicle_retail
) AS retail
