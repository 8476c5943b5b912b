-- Value added tax that an exporter may have reclaimed on cars exported early: an exposure, not a loss.
-- Low: up to 30 days, 13 % of the price without tax. High: up to 180 days, the price taken as without tax.
SELECT registered_month, province, brand,
       COUNT(*) AS vehicles,
       COALESCE(SUM(first_price_cny * 0.13 / 1.13) FILTER (WHERE days_to_export <= 30), 0) AS low_cny,
       SUM(first_price_cny * 0.13) AS high_cny
FROM vehicle_retail
WHERE days_to_export <= 180 AND first_price_cny > 0
GROUP BY registered_month, province, brand
