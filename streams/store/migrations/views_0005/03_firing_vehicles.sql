-- Key: vin
-- One row a vehicle with alerts: how many, how bad, since when.
SELECT subject AS vin, COUNT(*) AS alerts, COUNT(DISTINCT detector) AS detectors,
       MAX(severity_rank) AS worst_severity_rank, MAX(score) AS worst_score,
       MIN(occurred_on) AS first_on, MAX(occurred_on) AS last_on,
       MAX(province) AS province, MAX(brand) AS brand, MAX(destination) AS destination
FROM firing_alerts
WHERE subject_type = 'vehicle'
GROUP BY subject
