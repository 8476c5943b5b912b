-- Every document as it was received, each time it was: what counts, what was superseded, and where it was read.
SELECT r.belongs_to AS vin, r.source, r.event_id, r.revision, r.content_digest,
       COALESCE(d.revision = r.revision AND d.content_digest = r.content_digest, FALSE) AS counts,
       r.kafka_topic, r.kafka_partition, r.kafka_offset, r.kafka_timestamp, r.received_at, r.leaf_index,
       r.concealed, r.key, r.headers, r.value, r.value_sha256
FROM received_records r
LEFT JOIN documents d ON d.vin = r.belongs_to AND d.source = r.source AND d.event_id = r.event_id
WHERE r.kind = 'document'
