import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.serialization.AbstractDeserializationSchema;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * The two-rule job on Flink's DataStream API: a keyed function with a vehicle as its state on the heap.
 *
 * <p>Arguments: broker, document topics, alert topic, a directory of its own. It ends where the topics end.
 */
public final class DataStreamPeer {
    private static final long CHECKPOINT_MS = 10_000;

    public static void main(String[] arguments) throws Exception {
        Configuration settings = new Configuration();
        settings.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, "file://" + arguments[3]);
        StreamExecutionEnvironment environment =
            StreamExecutionEnvironment.createLocalEnvironment(1, settings);
        environment.enableCheckpointing(CHECKPOINT_MS);
        environment.getConfig().enableObjectReuse();
        environment
            .fromSource(documents(arguments), WatermarkStrategy.noWatermarks(), "documents")
            .keyBy(document -> document.vin)
            .process(new Watch())
            .sinkTo(alerts(arguments));
        environment.execute();
    }

    private static KafkaSource<Document> documents(String[] arguments) {
        return KafkaSource.<Document>builder()
            .setBootstrapServers(arguments[0])
            .setTopics(arguments[1].split(","))
            .setGroupId(arguments[2])
            .setStartingOffsets(OffsetsInitializer.earliest())
            .setBounded(OffsetsInitializer.latest())
            .setValueOnlyDeserializer(new Decoding())
            .build();
    }

    private static KafkaSink<Tuple2<String, byte[]>> alerts(String[] arguments) {
        return KafkaSink.<Tuple2<String, byte[]>>builder()
            .setBootstrapServers(arguments[0])
            .setRecordSerializer(new Encoding(arguments[2]))
            .build();
    }

    /** A document of its JSON. */
    public static final class Decoding extends AbstractDeserializationSchema<Document> {
        @Override
        public Document deserialize(byte[] json) throws IOException {
            return Document.of(json);
        }
    }

    /** An alert as a record of its topic, under its vehicle. */
    public static final class Encoding implements KafkaRecordSerializationSchema<Tuple2<String, byte[]>> {
        private final String topic;

        Encoding(String topic) {
            this.topic = topic;
        }

        @Override
        public ProducerRecord<byte[], byte[]> serialize(
            Tuple2<String, byte[]> alert, KafkaSinkContext context, Long timestamp) {
            return new ProducerRecord<>(topic, alert.f0.getBytes(StandardCharsets.UTF_8), alert.f1);
        }
    }

    /** Judges a vehicle by each document. */
    public static final class Watch extends KeyedProcessFunction<String, Document, Tuple2<String, byte[]>> {
        private transient ValueState<byte[]> kept;

        @Override
        public void open(OpenContext context) {
            kept = getRuntimeContext().getState(
                new ValueStateDescriptor<>("vehicle", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
        }

        @Override
        public void processElement(Document document, Context context, Collector<Tuple2<String, byte[]>> out)
            throws IOException {
            Vehicle vehicle = Vehicle.of(kept.value());
            List<String> fired = vehicle.take(document, null);
            if (fired == null) {
                return;
            }
            kept.update(vehicle.kept());
            for (String rule : fired) {
                out.collect(Tuple2.of(document.vin, vehicle.alert(document.vin, rule)));
            }
        }
    }
}
