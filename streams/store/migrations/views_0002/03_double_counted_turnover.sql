-- Turnover stated more than once: cars exported within 180 days, invoiced to a first owner and again.
SELECT registered_month, province, brand,
       COUNT(*) AS vehicles,
       SUM(first_price_cny) AS first_sale_cny,
       SUM(later_price_cny) AS double_counted_cny,
       SUM(first_price_cny + later_price_cny) / SUM(first_price_cny) AS double_count_ratio
FROM vehicle_retail
WHERE days_to_export <= 180 AND first_price_cny > 0 AND later_price_cny IS NOT NULL
GROUP BY registered_month, province, brand
