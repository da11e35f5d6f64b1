import com.sun.net.httpserver.*;
import java.io.*;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.*;
import java.util.concurrent.*;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Every ten seconds the journal is copied; while that lasts, nothing may be written to it. */
public class WithBackup {
  static final Path JOURNAL = Path.of(System.getenv("DATABASE"));
  static final Path COPY = Path.of(System.getenv("DATABASE") + ".copy");
  static final long BACKUP_EVERY_MS = 10_000;
  static final long BACKUP_MS = 350;

  /** The state of a lead, built from its events. */
  static final class Contact {
    private boolean suppressed, unsubscribed;
    private double openCount;
    private String sentiment = "null";
    private Instant repliedAt = Instant.MIN;

    void see(String type, Instant at, Map<String, Object> data) {
      if (type.equals("email.bounced") && "hard".equals(data.get("bounce_type"))) suppressed = true;
      if (type.equals("email.unsubscribed")) {
        unsubscribed = true;
        if (data.get("suppressed_globally") == Boolean.TRUE) suppressed = true;
      }
      if (type.equals("email.opened") && data.get("open_count") instanceof Double count)
        openCount = Math.max(openCount, count);
      if (type.equals("email.replied") && !at.isBefore(repliedAt)) {
        repliedAt = at;
        sentiment = quoted(data.get("reply_sentiment"));
      }
    }
  }

  static final Map<String, Contact> contacts = new HashMap<>();
  static final Map<String, Integer> counts = new HashMap<>();
  static final Set<String> ids = new HashSet<>();
  static final Object lock = new Object();
  static final AtomicBoolean backup = new AtomicBoolean();
  static volatile boolean fault;

  record Event(String id, String type, Instant at, Map<String, Object> data) {
    @SuppressWarnings("unchecked")
    static Optional<Event> parse(byte[] body) {
      try {
        Map<String, Object> all = (Map<String, Object>) new Json(new String(body, StandardCharsets.UTF_8)).read();
        Event event = new Event(
            (String) all.get("id"), (String) all.get("event"), Instant.parse((String) all.get("timestamp")),
            (Map<String, Object>) all.get("data"));
        boolean isWhole = event.id != null && event.type != null && event.data != null;
        return isWhole ? Optional.of(event) : Optional.empty();
      } catch (ClassCastException | DateTimeParseException | NullPointerException error) {
        return Optional.empty();
      } catch (IllegalArgumentException | IndexOutOfBoundsException | StackOverflowError error) {
        return Optional.empty();
      }
    }
  }

  static String quoted(Object value) {
    if (!(value instanceof String text)) return "null";
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  static void apply(Event event) {
    ids.add(event.id);
    counts.merge(event.type, 1, Integer::sum);
    if (event.data.get("lead_email") instanceof String email)
      contacts.computeIfAbsent(email, ignored -> new Contact()).see(event.type, event.at, event.data);
  }

  static void accept(Event event, byte[] body) throws IOException {
    if (!event.type.startsWith("email.") && !event.type.startsWith("campaign.")) return;
    synchronized (lock) {
      if (ids.contains(event.id)) return;
      if (fault) throw new IOException("fault");
      byte[] line = (HexFormat.of().formatHex(body) + '\n').getBytes(StandardCharsets.US_ASCII);
      Files.write(JOURNAL, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      apply(event);
    }
  }

  static void restore() throws IOException {
    if (Files.notExists(JOURNAL)) return;
    for (String line : Files.readAllLines(JOURNAL, StandardCharsets.US_ASCII))
      if (line.length() % 2 == 0) Event.parse(HexFormat.of().parseHex(line)).ifPresent(WithBackup::apply);
  }

  static void copyJournal() {
    backup.set(true);
    try {
      synchronized (lock) {
        if (Files.exists(JOURNAL)) Files.copy(JOURNAL, COPY, StandardCopyOption.REPLACE_EXISTING);
      }
      Thread.sleep(BACKUP_MS);
    } catch (IOException | InterruptedException error) {
      // The next one may succeed.
    } finally {
      backup.set(false);
    }
  }

  static boolean verify(byte[] body, Headers headers) throws Exception {
    byte[] key = System.getenv("SENDEMALL_SECRET").getBytes(StandardCharsets.UTF_8);
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    String expected = "sha256=" + HexFormat.of().formatHex(mac.doFinal(body));
    String given = Objects.requireNonNullElse(headers.getFirst("X-SendEmAll-Signature"), "");
    return MessageDigest.isEqual(
        expected.getBytes(StandardCharsets.ISO_8859_1), given.getBytes(StandardCharsets.ISO_8859_1));
  }

  static int webhook(HttpExchange exchange, byte[] body) throws Exception {
    if (!exchange.getRequestURI().getPath().equals("/webhooks/sendemall")) return 404;
    if (!exchange.getRequestMethod().equals("POST")) return 405;
    if (!verify(body, exchange.getRequestHeaders())) return 401;
    Optional<Event> event = Event.parse(body);
    if (event.isEmpty()) return 400;
    if (backup.get()) {
      exchange.getResponseHeaders().set("Retry-After", "1");
      return 503;
    }
    try {
      accept(event.get(), body);
      return 200;
    } catch (IOException error) {
      return 500;
    }
  }

  static String state(String email) {
    Contact contact = contacts.get(email);
    if (contact == null) return null;
    double sent = counts.getOrDefault("email.sent", 0);
    String rate = sent == 0 ? "null" : Double.toString(Math.min(1, counts.getOrDefault("email.bounced", 0) / sent));
    return """
        {"suppressed": %b, "unsubscribed": %b, "open_count": %.0f, "sentiment": %s, "rates": {"bounce_rate": %s}}
        """.formatted(contact.suppressed, contact.unsubscribed, contact.openCount, contact.sentiment, rate);
  }

  static String hook(String path, byte[] body) {
    String[] parts = path.split("/", 3);
    String key = parts.length < 3 ? "" : URLDecoder.decode(parts[2].replace("+", "%2B"), StandardCharsets.UTF_8);
    synchronized (lock) {
      return switch (parts[1]) {
        case "effects" -> "{\"count\": " + (ids.contains(key) ? 1 : 0) + "}";
        case "leads" -> state(key);
        default -> {
          fault = new String(body, StandardCharsets.UTF_8).contains("true");
          yield "{}";
        }
      };
    }
  }

  static void respond(HttpExchange exchange, int status, String content) throws IOException {
    byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    if (bytes.length > 0) exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  static HttpServer server(String port, HttpHandler handler) throws IOException {
    InetSocketAddress address = new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv(port)));
    HttpServer server = HttpServer.create(address, 128);
    server.createContext("/", handler);
    server.setExecutor(Executors.newFixedThreadPool(24));
    return server;
  }

  public static void main(String[] arguments) throws IOException {
    restore();
    ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    timer.scheduleWithFixedDelay(WithBackup::copyJournal, BACKUP_EVERY_MS, BACKUP_EVERY_MS, TimeUnit.MILLISECONDS);
    server("HOOKS_PORT", exchange -> {
      String found = hook(exchange.getRequestURI().getRawPath(), exchange.getRequestBody().readAllBytes());
      respond(exchange, found == null ? 404 : 200, found == null ? "" : found);
    }).start();
    server("PORT", exchange -> {
      int status;
      try {
        status = webhook(exchange, exchange.getRequestBody().readAllBytes());
      } catch (Exception error) {
        status = 500;
      }
      respond(exchange, status, "");
    }).start();
    while (System.in.read() != -1) Thread.onSpinWait();
    Runtime.getRuntime().halt(0);
  }

  // --- JSON ----------------------------------------------------------------------------------

  /** Reads JSON text into maps, lists, texts, numbers, booleans and null. */
  static class Json {
    final String text;
    int at = 0;

    Json(String text) {
      this.text = text.startsWith("\uFEFF") ? text.substring(1) : text;
    }

    Object read() {
      Object value = value();
      space();
      if (at != text.length()) throw new IllegalArgumentException("more than one value");
      return value;
    }

    void space() {
      while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
    }

    boolean takes(String token) {
      if (!text.startsWith(token, at)) return false;
      at += token.length();
      return true;
    }

    void expect(String token) {
      space();
      if (!takes(token)) throw new IllegalArgumentException("expected " + token);
    }

    Object value() {
      space();
      if (takes("{")) return object();
      if (takes("[")) return list();
      if (takes("\"")) return string();
      if (takes("true")) return true;
      if (takes("false")) return false;
      if (takes("null")) return null;
      int from = at;
      while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) at++;
      return Double.valueOf(text.substring(from, at));
    }

    Map<String, Object> object() {
      Map<String, Object> members = new LinkedHashMap<>();
      space();
      if (takes("}")) return members;
      do {
        expect("\"");
        String name = string();
        expect(":");
        members.put(name, value());
        space();
      } while (takes(","));
      expect("}");
      return members;
    }

    List<Object> list() {
      List<Object> items = new ArrayList<>();
      space();
      if (takes("]")) return items;
      do {
        items.add(value());
        space();
      } while (takes(","));
      expect("]");
      return items;
    }

    String string() {
      StringBuilder out = new StringBuilder();
      while (text.charAt(at) != '"') {
        char next = text.charAt(at++);
        if (next != '\\') {
          out.append(next);
          continue;
        }
        char escape = text.charAt(at++);
        int known = "bfnrt".indexOf(escape);
        if (escape == 'u') {
          out.append((char) Integer.parseInt(text.substring(at, at + 4), 16));
          at += 4;
        } else {
          out.append(known < 0 ? escape : "\b\f\n\r\t".charAt(known));
        }
      }
      at++;
      return out.toString();
    }
  }
}
