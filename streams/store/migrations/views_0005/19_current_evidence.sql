-- The documents that each alert rests on as it stands; document_vin is empty where the store has not got one.
SELECT e.alert_id, a.detector, a.subject, e.position, e.source, e.event_id, e.event_revision, e.event_type,
       e.occurred_at, e.kafka_topic, e.kafka_partition, e.kafka_offset, e.document_vin
FROM alert_evidence e
JOIN alerts a ON a.alert_id = e.alert_id AND a.revision = e.revision
