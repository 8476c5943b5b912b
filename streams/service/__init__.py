"""The streaming service: settings, Faust application, partitions, web pages, metrics, logs."""
