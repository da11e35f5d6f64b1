import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.BufferedReader;
import java.io.FileOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.*;
import java.util.concurrent.Executors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Event sourcing: a log of events is all that is kept, and what is known of leads is a projection of it. */
public class Projections {
  record Event(String id, String type, Instant time, Map<String, Object> data) {
    String email() {
      return data.get("lead_email") instanceof String text && !text.isEmpty() ? text : null;
    }

    double number(String name) {
      return data.get(name) instanceof Double number ? number : 0;
    }
  }

  /** What is known of a lead. */
  static class Lead {
    boolean suppressed;
    boolean unsubscribed;
    double opens;
    Object sentiment;
    Instant repliedAt = Instant.EPOCH;
  }

  /** Applies events to leads. */
  static class Projection {
    final Map<String, Lead> leads = new HashMap<>();
    final Map<String, Integer> types = new HashMap<>();

    Lead lead(String email) {
      return leads.computeIfAbsent(email, key -> new Lead());
    }

    void apply(Event event) {
      types.merge(event.type(), 1, Integer::sum);
      if (event.email() == null) return;
      Lead lead = lead(event.email());
      switch (event.type()) {
        case "email.opened" -> lead.opens = Math.max(lead.opens, event.number("open_count"));
        case "email.bounced" -> lead.suppressed |= "hard".equals(event.data().get("bounce_type"));
        case "email.unsubscribed" -> {
          lead.unsubscribed = true;
          lead.suppressed |= Boolean.TRUE.equals(event.data().get("suppressed_globally"));
        }
        case "email.replied" -> {
          lead.sentiment = event.data().get("reply_sentiment");
          lead.repliedAt = event.time();
        }
        default -> { }
      }
    }
  }

  /** The log; one line for each event. */
  static class Log {
    private final Path file;
    private final Map<String, Integer> ids = new HashMap<>();
    final Projection projection = new Projection();
    private boolean readOnly;

    Log(Path file) throws IOException {
      this.file = file;
      if (!Files.exists(file)) return;
      try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.US_ASCII)) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          Event event = parse(Base64.getDecoder().decode(line));
          ids.put(event.id(), 1);
          projection.apply(event);
        }
      }
    }

    synchronized boolean append(Event event, byte[] body) throws IOException {
      if (ids.containsKey(event.id())) return false;
      if (readOnly) throw new IOException("The log is read-only.");
      try (var output = new FileOutputStream(file.toFile(), true)) {
        output.write((Base64.getEncoder().encodeToString(body) + "\n").getBytes(StandardCharsets.US_ASCII));
      }
      ids.put(event.id(), 1);
      if (isLate(event)) projection.types.merge(event.type(), 1, Integer::sum);
      else projection.apply(event);
      return true;
    }

    /** A reply that is older than the one that is shown changes nothing. */
    private boolean isLate(Event event) {
      return event.type().equals("email.replied")
          && event.email() != null
          && event.time().isBefore(projection.lead(event.email()).repliedAt);
    }

    synchronized int effects(String id) {
      return ids.getOrDefault(id, 0);
    }

    synchronized void setReadOnly(boolean readOnly) {
      this.readOnly = readOnly;
    }

    synchronized String describe(String email) {
      Lead lead = projection.leads.get(email);
      if (lead == null) return null;
      int sent = projection.types.getOrDefault("email.sent", 0);
      double bounced = projection.types.getOrDefault("email.bounced", 0);
      String sentiment = lead.sentiment instanceof String text ? quote(text) : "null";
      return """
          {"suppressed": %b, "unsubscribed": %b, "open_count": %.0f, "sentiment": %s, "rates": {"bounce_rate": %s}}
          """.formatted(lead.suppressed, lead.unsubscribed, lead.opens, sentiment,
              sent == 0 ? "null" : Double.toString(Math.min(1, bounced / sent)));
    }
  }

  static String quote(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  /** @throws IllegalArgumentException when a body is not an event */
  @SuppressWarnings("unchecked")
  static Event parse(byte[] body) {
    try {
      var all = (Map<String, Object>) new Json(new String(body, StandardCharsets.UTF_8)).read();
      var data = (Map<String, Object>) all.get("data");
      Event event = new Event((String) all.get("id"), (String) all.get("event"),
          OffsetDateTime.parse((String) all.get("timestamp")).toInstant(), data);
      if (event.id() == null || event.type() == null || data == null) throw new IllegalArgumentException("incomplete");
      return event;
    } catch (RuntimeException | StackOverflowError error) {
      throw new IllegalArgumentException(error);
    }
  }

  static boolean verifies(byte[] body, String header) throws IOException {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(System.getenv("SENDEMALL_SECRET").getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      byte[] expected = ("sha256=" + HexFormat.of().formatHex(mac.doFinal(body))).getBytes(StandardCharsets.UTF_8);
      return header != null && MessageDigest.isEqual(expected, header.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException error) {
      throw new IOException(error);
    }
  }

  static int receive(Log log, HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    if (!exchange.getRequestURI().getPath().equals("/webhooks/sendemall")) return 404;
    if (!exchange.getRequestMethod().equals("POST")) return 405;
    if (!verifies(body, exchange.getRequestHeaders().getFirst("X-SendEmAll-Signature"))) return 401;
    Event event;
    try {
      event = parse(body);
    } catch (IllegalArgumentException error) {
      return 400;
    }
    if (!event.type().matches("(?s)(email|campaign)\\..*")) return 200;
    try {
      return log.append(event, body) ? 201 : 200;
    } catch (IOException error) {
      return 503;
    }
  }

  static void respond(HttpExchange exchange, int status, String content) throws IOException {
    byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    if (bytes.length > 0) exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  static void hook(Log log, HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    String[] parts = (exchange.getRequestURI().getRawPath() + "/").split("/", 3);
    String key = URLDecoder.decode(parts[2].replaceAll("/$", "").replace("+", "%2B"), StandardCharsets.UTF_8);
    String found = switch (parts[1]) {
      case "effects" -> "{\"count\": " + log.effects(key) + "}";
      case "leads" -> log.describe(key);
      default -> {
        log.setReadOnly(body.contains("true"));
        yield "{}";
      }
    };
    respond(exchange, found == null ? 404 : 200, found == null ? "{}" : found);
  }

  static void serve(String name, HttpHandler handler) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv(name))), 128);
    server.createContext("/", handler);
    server.setExecutor(Executors.newCachedThreadPool());
    server.start();
  }

  public static void main(String[] arguments) throws IOException {
    Log log = new Log(Path.of(System.getenv("DATABASE")));
    serve("HOOKS_PORT", exchange -> hook(log, exchange));
    serve("PORT", exchange -> respond(exchange, receive(log, exchange), ""));
    while (System.in.read() >= 0) { }
    System.exit(0);
  }

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
