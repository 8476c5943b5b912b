-- Key: province, occurred_on
-- Used exports a day by province; a vehicle counts once.
SELECT province, occurred_on, COUNT(*) AS exports, COUNT(DISTINCT exporter_id) AS exporters,
       SUM(declared_cny) AS declared_cny
FROM counted_exports
GROUP BY province, occurred_on
