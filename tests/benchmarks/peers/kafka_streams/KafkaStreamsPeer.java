import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * The two-rule job on Kafka Streams: one processor, vehicles in RocksDB behind a cache, with their
 * changelog.
 *
 * <p>Arguments: broker, document topics, alert topic, a directory of its own, and "bare" (what the
 * rules read; at least once) or "whole" (whole documents, evidence in alerts; exactly once).
 */
public final class KafkaStreamsPeer {
    private static final String VEHICLES = "vehicles";
    private static final long CACHE = 64L << 20;
    private static final long EXACTLY_ONCE_COMMIT_MS = 1_000;
    private static final long AT_LEAST_ONCE_COMMIT_MS = 10_000;

    public static void main(String[] arguments) throws InterruptedException {
        boolean whole = arguments[4].equals("whole");
        KafkaStreams streams =
            new KafkaStreams(topology(arguments[1].split(","), arguments[2], whole), settings(arguments, whole));
        CountDownLatch ended = new CountDownLatch(1);
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            Runtime.getRuntime().halt(1);
            return null;
        });
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            streams.close(Duration.ofSeconds(50));
            ended.countDown();
        }));
        streams.start();
        ended.await();
    }

    private static Properties settings(String[] arguments, boolean whole) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments[2]);
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, arguments[3]);
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, CACHE);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, whole ? EXACTLY_ONCE_COMMIT_MS : AT_LEAST_ONCE_COMMIT_MS);
        settings.put(
            StreamsConfig.PROCESSING_GUARANTEE_CONFIG,
            whole ? StreamsConfig.EXACTLY_ONCE_V2 : StreamsConfig.AT_LEAST_ONCE);
        return settings;
    }

    private static Topology topology(String[] topics, String alerts, boolean whole) {
        return new Topology()
            .addSource("documents", Serdes.String().deserializer(), Serdes.ByteArray().deserializer(), topics)
            .addProcessor("watch", () -> new Watch(whole), "documents")
            .addStateStore(
                Stores.keyValueStoreBuilder(
                        Stores.persistentKeyValueStore(VEHICLES), Serdes.String(), Serdes.ByteArray())
                    .withCachingEnabled(),
                "watch")
            .addSink("alerts", alerts, Serdes.String().serializer(), Serdes.ByteArray().serializer(), "watch");
    }

    private static final class Watch implements Processor<String, byte[], String, byte[]> {
        private final boolean whole;
        private ProcessorContext<String, byte[]> context;
        private KeyValueStore<String, byte[]> vehicles;

        Watch(boolean whole) {
            this.whole = whole;
        }

        @Override
        public void init(ProcessorContext<String, byte[]> given) {
            context = given;
            vehicles = given.getStateStore(VEHICLES);
        }

        @Override
        public void process(Record<String, byte[]> record) {
            Document document;
            try {
                document = Document.of(record.value());
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
            Vehicle vehicle = Vehicle.of(vehicles.get(document.vin));
            List<String> fired = vehicle.take(document, whole ? record.value() : null);
            if (fired == null) {
                return;
            }
            vehicles.put(document.vin, vehicle.kept());
            for (String rule : fired) {
                context.forward(record.withKey(document.vin).withValue(vehicle.alert(document.vin, rule)));
            }
        }
    }
}
