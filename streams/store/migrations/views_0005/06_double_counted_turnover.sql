-- Turnover counted twice: prices at first registration of cars declared for export within 180 days. The same
-- cars stand in the export figures once more, at their declared value.
SELECT registered_month, province, brand,
       COUNT(*) AS vehicles,
       COALESCE(SUM(first_price_cny), 0) AS double_counted_cny,
       COALESCE(SUM(declared_cny), 0) AS declared_cny
FROM vehicle_retail
WHERE days_to_export <= 180
GROUP BY registered_month, province, brand
