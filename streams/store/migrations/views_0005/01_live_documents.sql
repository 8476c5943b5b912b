-- Documents that count: valid, and not amended away to another VIN.
SELECT d.*
FROM documents d
WHERE d.status = 'valid'
  AND NOT EXISTS (
      SELECT 1 FROM documents later
      WHERE later.source = d.source AND later.event_id = d.event_id AND later.vin <> d.vin
        AND later.revision > d.revision AND later.status = 'valid'
  )
