#!/bin/bash
# What apache/kafka does at its start: settings from the environment, a formatted log, the broker.
set -eu
kafka=(java ${KAFKA_HEAP_OPTS:-} -cp '/opt/kafka/libs/*')
said=$("${kafka[@]}" kafka.docker.KafkaDockerWrapper setup \
    --default-configs-dir /etc/kafka/docker --mounted-configs-dir /mnt/shared/config \
    --final-configs-dir /opt/kafka/config 2>&1) ||
    grep --quiet 'already formatted' <<< "$said" || { echo "$said"; exit 1; }
exec "${kafka[@]}" kafka.Kafka /opt/kafka/config/server.properties
