"""Kafka: connection, topics, batch transport for Faust, changelog, reading and writing."""
