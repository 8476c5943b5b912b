-- Value added tax that exporters can at most have reclaimed: 13 % of the last price on a registration before the
-- export, less the tax in it, or of the declared value where no registration names a price. Not a loss.
-- Low: exported within 30 days. High: within 180 days.
SELECT registered_month, province, brand,
       COUNT(*) AS vehicles,
       COALESCE(SUM(purchase_before_tax_cny * 0.13) FILTER (WHERE days_to_export <= 30), 0) AS low_cny,
       COALESCE(SUM(purchase_before_tax_cny * 0.13), 0) AS high_cny
FROM vehicle_retail
WHERE days_to_export <= 180
GROUP BY registered_month, province, brand
