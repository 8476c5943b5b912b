-- Key: week, province, drive, brand, destination, exit_customs
-- What leaves the country used, through which gate and how soon, a week (its Monday); a vehicle counts once.
-- Hardly driven: read at no more than 500 km, as the policy says of zero mileage unless it is changed.
SELECT c.occurred_week AS week, c.province,
       CASE COALESCE(c.fuel, r.fuel)
           WHEN 'bev' THEN 'electric' WHEN 'fcev' THEN 'electric'
           WHEN 'phev' THEN 'plug-in hybrid' WHEN 'erev' THEN 'plug-in hybrid'
           WHEN 'petrol' THEN 'combustion' WHEN 'diesel' THEN 'combustion' WHEN 'hev' THEN 'combustion'
           ELSE 'unknown' END AS drive,
       COALESCE(c.brand, r.brand, 'unknown') AS brand, c.destination,
       COALESCE(c.exit_customs, 'unknown') AS exit_customs,
       COUNT(*) AS exports,
       COUNT(*) FILTER (WHERE c.odometer_km > 0 AND COALESCE(c.odometer_status, 'read') = 'read'
                           OR c.odometer_status = 'read' AND c.odometer_km IS NOT NULL) AS with_reading,
       COUNT(*) FILTER (WHERE c.odometer_km <= 500 AND (c.odometer_status = 'read'
                           OR c.odometer_status IS NULL AND c.odometer_km > 0)) AS hardly_driven,
       COUNT(r.days_to_export) AS with_registration,
       SUM(r.days_to_export) AS days_to_export,
       COUNT(*) FILTER (WHERE r.days_to_export <= 30) AS within_30_days,
       COUNT(*) FILTER (WHERE r.days_to_export <= 180) AS within_180_days,
       SUM(c.declared_cny) AS declared_cny
FROM counted_exports c
LEFT JOIN vehicle_retail r ON r.vin = c.vin
GROUP BY 1, 2, 3, 4, 5, 6
