"""The alert store: alerts and documents from Kafka or files in a database, for people who query."""
