-- Cars that left the country and still are on the register.
SELECT subject AS vin, severity, province, brand, destination, occurred_on,
       CAST(facts ->> 'cleared' AS TEXT) AS cleared,
       CAST(facts ->> 'last_day' AS TEXT) AS last_day,
       explanation
FROM firing_alerts
WHERE detector = 'deregistration_overdue'
