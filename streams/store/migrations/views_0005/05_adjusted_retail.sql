-- Key: registered_month, province, brand
-- New registrations a month, and what is left of them without the cars that were registered to be exported.
-- A range: up to 30 days is early booking; up to 180 days is what the law of 2026 calls too early.
SELECT registered_month, province, brand,
       COUNT(*) AS registered,
       COUNT(*) FILTER (WHERE days_to_export <= 30) AS exported_within_30_days,
       COUNT(*) FILTER (WHERE days_to_export <= 180) AS exported_within_180_days,
       COUNT(*) - COUNT(*) FILTER (WHERE days_to_export <= 180) AS adjusted_low,
       COUNT(*) - COUNT(*) FILTER (WHERE days_to_export <= 30) AS adjusted_high
FROM vehicle_retail
GROUP BY registered_month, province, brand
