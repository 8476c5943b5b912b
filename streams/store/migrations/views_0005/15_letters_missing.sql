-- Licences applied for within 180 days of the first registration without the maker's letter.
SELECT subject AS vin, severity, score, province, brand, destination, occurred_on,
       CAST(facts ->> 'registered' AS TEXT) AS registered,
       CAST(facts ->> 'licence_applied' AS TEXT) AS licence_applied,
       CAST(facts ->> 'days' AS INTEGER) AS days,
       CAST(facts ->> 'maximum_days' AS INTEGER) AS maximum_days,
       explanation
FROM firing_alerts
WHERE detector = 'early_export_without_letter'
