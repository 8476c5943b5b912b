-- Value added tax that exporters can at most have reclaimed: the country's rebate on the last price on a
-- registration before the export, less the tax in it, or on the declared value where no registration names a
-- price. Not a loss.
-- Low: exported within 30 days. High: within 180 days.
SELECT registered_month, province, brand,
       COUNT(*) AS vehicles,
       COALESCE(SUM(purchase_before_tax_cny * country.export_rebate) FILTER (WHERE days_to_export <= 30), 0) AS low_cny,
       COALESCE(SUM(purchase_before_tax_cny * country.export_rebate), 0) AS high_cny
FROM vehicle_retail
CROSS JOIN country
WHERE days_to_export <= 180
GROUP BY registered_month, province, brand
