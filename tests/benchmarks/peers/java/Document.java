import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.time.LocalDate;

/** What the two rules read of a document. */
@JsonIgnoreProperties(ignoreUnknown = true)
public class Document {
    private static final ObjectReader READER = new ObjectMapper().readerFor(Document.class);

    public String vin;
    @JsonProperty("event_id")
    public String eventId;
    @JsonProperty("event_type")
    public String eventType;
    public String kind;
    @JsonProperty("owner_id")
    public String ownerId;
    @JsonProperty("exporter_id")
    public String exporterId;
    @JsonProperty("occurred_at")
    public String occurredAt;

    public static Document of(byte[] json) throws IOException {
        return READER.readValue(json);
    }

    /** Whether neither rule reads it. */
    public boolean unread() {
        return eventType.equals("deregistration");
    }

    public int day() {
        return (int) LocalDate.parse(occurredAt).toEpochDay();
    }

    public String owner() {
        return exporterId == null ? ownerId : exporterId;
    }

    /** Its place among documents of one day. */
    public int rank() {
        if (eventType.equals("customs_export")) {
            return Vehicle.CUSTOMS_EXPORT;
        }
        return switch (kind) {
            case "initial" -> Vehicle.INITIAL;
            case "transfer" -> Vehicle.TRANSFER;
            case "pending_export" -> Vehicle.PENDING_EXPORT;
            default -> throw new IllegalArgumentException("a registration of kind " + kind);
        };
    }
}
