-- The vehicles of a party: as what it had to do with each, from when to when, and what stands against the car.
SELECT p.party_id, p.vin, p.documents, p.as_owner, p.as_seller, p.as_exporter, p.first_on, p.last_on,
       (SELECT COUNT(*) FROM firing_alerts f WHERE f.subject = p.vin AND f.subject_type = 'vehicle') AS alerts,
       (SELECT COUNT(*) FROM firing_alerts f WHERE f.subject = p.vin AND f.detector = 'double_sale') AS double_sales
FROM (
    SELECT party_id, vin, COUNT(*) AS documents,
           COUNT(*) FILTER (WHERE role = 'owner') AS as_owner,
           COUNT(*) FILTER (WHERE role = 'seller') AS as_seller,
           COUNT(*) FILTER (WHERE role = 'exporter') AS as_exporter,
           MIN(occurred_on) AS first_on, MAX(occurred_on) AS last_on
    FROM party_documents
    GROUP BY party_id, vin
) AS p
