-- Key: one
-- What the headline figures count in documents, in one row.
SELECT 1 AS one,
       (SELECT COUNT(DISTINCT vin) FROM documents) AS vehicles,
       (SELECT COUNT(*) FROM counted_exports) AS used_exports,
       COUNT(*) AS registered,
       COUNT(*) FILTER (WHERE days_to_export <= 180) AS exported_within_180_days,
       COALESCE(SUM(first_price_cny) FILTER (WHERE days_to_export <= 180), 0) AS double_counted_cny,
       COALESCE(SUM(declared_cny) FILTER (WHERE days_to_export <= 180), 0) AS declared_cny,
       COALESCE(SUM(purchase_before_tax_cny * country.export_rebate) FILTER (WHERE days_to_export <= 180), 0)
           AS rebate_exposure_cny
FROM vehicle_retail
CROSS JOIN country
