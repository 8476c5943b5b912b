-- Vehicles sold twice within a rolling week.
SELECT subject AS vin, severity, score, province, brand, occurred_on, occurred_month,
       CAST(facts ->> 'first_sale' AS TEXT) AS first_sale,
       CAST(facts ->> 'second_sale' AS TEXT) AS second_sale,
       CAST(facts ->> 'days_between' AS INTEGER) AS days_between,
       CAST(facts ->> 'to_exporter' AS TEXT) IN ('true', '1') AS to_exporter,
       CAST(facts ->> 'first_price_cny' AS DOUBLE PRECISION) AS first_price_cny,
       CAST(facts ->> 'second_price_cny' AS DOUBLE PRECISION) AS second_price_cny,
       explanation
FROM firing_alerts
WHERE detector = 'double_sale'
