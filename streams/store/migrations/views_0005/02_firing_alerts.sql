-- Alerts that stand now; those of detectors still on trial (shadow) are left out.
SELECT * FROM alerts WHERE state = 'firing' AND NOT shadow
