import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A vehicle's documents as far as the two rules read them, and the rules that have fired; the Java
 * peers share it. The rules are those of two_rules.py.
 *
 * <p>It is kept as bytes: the rules that have fired, and for each document its day, rank, owner and
 * event id, and the document itself where whole documents are kept.
 */
public final class Vehicle {
    static final int INITIAL = 0;
    static final int TRANSFER = 1;
    static final int PENDING_EXPORT = 2;
    static final int CUSTOMS_EXPORT = 3;
    private static final int SALE_DAYS = 6;
    private static final int FLASH_DAYS = 7;
    private static final int DOUBLE_SALE = 1;
    private static final int FLASH_REGISTRATION = 2;
    private static final Comparator<Step> IN_ORDER =
        Comparator.comparingInt(Step::day).thenComparingInt(Step::rank).thenComparing(Step::owner);

    private record Step(int day, int rank, String owner, String event, byte[] whole) {}

    private int fired;
    private final List<Step> steps = new ArrayList<>();

    /** A vehicle as it was kept; a new one for null. */
    public static Vehicle of(byte[] kept) {
        Vehicle vehicle = new Vehicle();
        if (kept != null) {
            ByteBuffer bytes = ByteBuffer.wrap(kept);
            vehicle.fired = bytes.get();
            while (bytes.hasRemaining()) {
                vehicle.steps.add(new Step(bytes.getInt(), bytes.get(), text(bytes), text(bytes), part(bytes)));
            }
        }
        return vehicle;
    }

    /**
     * Takes a document in.
     *
     * @param whole the document as received, to be kept; null where it is not
     * @return the names of the rules that fire newly; null for a document that is known or not read
     */
    public List<String> take(Document document, byte[] whole) {
        if (document.unread() || steps.stream().anyMatch(step -> step.event.equals(document.eventId))) {
            return null;
        }
        byte[] kept = whole == null ? new byte[0] : whole;
        steps.add(new Step(document.day(), document.rank(), document.owner(), document.eventId, kept));
        steps.sort(IN_ORDER);
        List<String> names = new ArrayList<>(2);
        if ((fired & DOUBLE_SALE) == 0 && doubleSale()) {
            fired |= DOUBLE_SALE;
            names.add("double_sale");
        }
        if ((fired & FLASH_REGISTRATION) == 0 && flashRegistration()) {
            fired |= FLASH_REGISTRATION;
            names.add("flash_registration");
        }
        return names;
    }

    private boolean doubleSale() {
        String holder = null;
        int before = Integer.MIN_VALUE / 2;
        for (Step step : steps) {
            if (!step.owner.equals(holder)) {
                if (step.day - before <= SALE_DAYS) {
                    return true;
                }
                before = step.day;
            }
            holder = step.owner;
        }
        return false;
    }

    private boolean flashRegistration() {
        Step registered = null;
        for (Step step : steps) {
            if (registered == null && step.rank == INITIAL) {
                registered = step;
            }
        }
        if (registered == null) {
            return false;
        }
        for (Step step : steps) {
            if (step.rank >= PENDING_EXPORT && step.day >= registered.day) {
                return step.day - registered.day <= FLASH_DAYS;
            }
        }
        return false;
    }

    /** An alert as JSON, with the whole documents as its evidence where they are kept. */
    public byte[] alert(String vin, String rule) {
        StringBuilder text = new StringBuilder("{\"vin\":\"").append(vin).append("\",\"rule\":\"").append(rule).append('"');
        String separator = ",\"evidence\":[";
        for (Step step : steps) {
            if (step.whole.length > 0) {
                text.append(separator).append(new String(step.whole, StandardCharsets.UTF_8));
                separator = ",";
            }
        }
        text.append(separator.equals(",") ? "]}" : "}");
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** The vehicle as bytes. */
    public byte[] kept() {
        List<byte[]> parts = new ArrayList<>(steps.size() * 3);
        int size = 1;
        for (Step step : steps) {
            byte[] owner = step.owner.getBytes(StandardCharsets.UTF_8);
            byte[] event = step.event.getBytes(StandardCharsets.UTF_8);
            parts.addAll(List.of(owner, event, step.whole));
            size += Integer.BYTES * 4 + 1 + owner.length + event.length + step.whole.length;
        }
        ByteBuffer bytes = ByteBuffer.allocate(size).put((byte) fired);
        for (int number = 0; number < steps.size(); number++) {
            bytes.putInt(steps.get(number).day).put((byte) steps.get(number).rank);
            for (byte[] part : parts.subList(3 * number, 3 * number + 3)) {
                bytes.putInt(part.length).put(part);
            }
        }
        return bytes.array();
    }

    private static String text(ByteBuffer bytes) {
        return new String(part(bytes), StandardCharsets.UTF_8);
    }

    private static byte[] part(ByteBuffer bytes) {
        byte[] part = new byte[bytes.getInt()];
        bytes.get(part);
        return part;
    }
}
