import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;

/** Runs the statements of a SQL file in a local cluster of this process, as the SQL client does. */
public final class RunSql {
    public static void main(String[] arguments) throws Exception {
        TableEnvironment tables =
            TableEnvironment.create(EnvironmentSettings.newInstance().inStreamingMode().build());
        String text = Files.readString(Path.of(arguments[0])).replaceAll("(?m)^--.*$", "");
        int set = text.indexOf("EXECUTE STATEMENT SET");
        for (String statement : text.substring(0, set).split("(?m);\\s*$")) {
            String trimmed = statement.strip();
            if (trimmed.startsWith("SET ")) {
                String[] parts = trimmed.substring(4).split("=", 2);
                tables.getConfig().set(unquoted(parts[0]), unquoted(parts[1]));
            } else if (!trimmed.isEmpty()) {
                tables.executeSql(trimmed);
            }
        }
        tables.executeSql(text.substring(set).strip()).await();
    }

    private static String unquoted(String text) {
        return text.strip().replaceAll("^'|'$", "");
    }
}
