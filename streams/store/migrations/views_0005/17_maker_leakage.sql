-- Key: occurred_month, brand, province, destination, detector
-- Where a maker's cars go while they stand under an alert.
SELECT occurred_month, brand, province, destination, detector,
       COUNT(DISTINCT subject) AS vehicles
FROM firing_alerts
WHERE subject_type = 'vehicle'
GROUP BY occurred_month, brand, province, destination, detector
