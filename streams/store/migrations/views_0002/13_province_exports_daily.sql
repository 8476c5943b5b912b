-- Used-car declarations a day by the exporter's province.
SELECT province, occurred_on, COUNT(*) AS exports, COUNT(DISTINCT exporter_id) AS exporters,
       SUM(price_cny) AS declared_cny
FROM documents
WHERE status = 'valid' AND event_type = 'customs_export' AND kind = 'used' AND province IS NOT NULL
GROUP BY province, occurred_on
