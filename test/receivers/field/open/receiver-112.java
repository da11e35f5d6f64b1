import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.*;
import java.util.concurrent.Executors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** The JDK's own HTTP server with a journal on disk. */
public class Receiver {
  static final String PATH = "/webhooks/sendemall";
  static final String SECRET = System.getenv("SENDEMALL_SECRET");
  static final Path JOURNAL = Path.of(System.getenv("DATABASE"));

  static class Lead {
    boolean suppressed;
    boolean unsubscribed;
    double openCount;
    Object sentiment;
    long repliedAt;
  }

  static final Set<String> seen = new HashSet<>();
  static final Map<String, Integer> effects = new HashMap<>();
  static final Map<String, Integer> totals = new HashMap<>();
  static final Map<String, Lead> leads = new HashMap<>();
  static volatile boolean crmIsDown = false;

  // --- What events do ------------------------------------------------------------------------

  static boolean isKnown(Map<String, Object> event) {
    return ((String) event.get("event")).matches("(email|campaign)\\..*");
  }

  static long timeOf(String timestamp) {
    return Instant.parse(timestamp).toEpochMilli();
  }

  /** Updates what is in memory; the journal is replayed through it after a restart. */
  @SuppressWarnings("unchecked")
  static void apply(Map<String, Object> event) {
    String kind = (String) event.get("event");
    Map<String, Object> data = (Map<String, Object>) event.get("data");
    effects.merge((String) event.get("id"), 1, Integer::sum);
    totals.merge(kind, 1, Integer::sum);
    if (!(data.get("lead_email") instanceof String email)) return;
    Lead lead = leads.computeIfAbsent(email, key -> new Lead());
    switch (kind) {
      case "email.bounced" -> lead.suppressed |= "hard".equals(data.get("bounce_type"));
      case "email.unsubscribed" -> {
        lead.unsubscribed = true;
        lead.suppressed |= Boolean.TRUE.equals(data.get("suppressed_globally"));
      }
      case "email.opened" -> {
        if (data.get("open_count") instanceof Double count) lead.openCount = Math.max(lead.openCount, count);
      }
      case "email.replied" -> {
        long at = timeOf((String) event.get("timestamp"));
        if (at >= lead.repliedAt) {
          lead.sentiment = data.get("reply_sentiment");
          lead.repliedAt = at;
        }
      }
      default -> { }
    }
  }

  static void write(Path file, byte[] body) throws IOException {
    String line = Base64.getEncoder().encodeToString(body) + "\n";
    Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  /** Grows with each event; who has seen another value than the present one works with old data. */
  static synchronized Integer version() {
    return seen.size();
  }

  /** Writes the event to the journal, then applies it: both or, before the write, neither. */
  static synchronized void commit(Map<String, Object> event, byte[] body, Integer expected) throws IOException {
    if (version() != expected) throw new ConcurrentModificationException("The store has changed meanwhile.");
    write(JOURNAL, body);
    seen.add((String) event.get("id"));
    if (isKnown(event)) apply(event);
  }

  static synchronized boolean isRepeat(Map<String, Object> event) {
    return seen.contains((String) event.get("id"));
  }

  /** Begins again when somebody else was faster. */
  static void handle(Map<String, Object> event, byte[] body) throws IOException {
    for (int attempt = 0; ; attempt++) {
      Integer version = version();
      if (isRepeat(event)) return;
      if (isKnown(event) && crmIsDown) throw new IOException("The CRM does not answer.");
      try {
        commit(event, body, version);
        return;
      } catch (ConcurrentModificationException conflict) {
        if (attempt == 100) throw conflict;
        Thread.yield();
      }
    }
  }

  static void replay(Path file) throws IOException {
    if (!Files.exists(file)) return;
    for (String line : Files.readAllLines(file)) {
      Map<String, Object> event = parse(Base64.getDecoder().decode(line));
      if (event == null) continue;
      seen.add((String) event.get("id"));
      if (isKnown(event)) apply(event);
    }
  }

  // --- HTTP ----------------------------------------------------------------------------------

  static boolean isSigned(byte[] body, List<String> given) throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
    String expected = "sha256=" + HexFormat.of().formatHex(mac.doFinal(body));
    String actual = given == null ? "" : String.join(", ", given);
    return MessageDigest.isEqual(
        expected.getBytes(StandardCharsets.UTF_8), actual.getBytes(StandardCharsets.UTF_8));
  }

  @SuppressWarnings("unchecked")
  static Map<String, Object> parse(byte[] body) {
    try {
      Map<String, Object> event = (Map<String, Object>) new Json(new String(body, StandardCharsets.UTF_8)).read();
      Instant.parse((String) event.get("timestamp"));
      boolean isEvent = event.get("id") instanceof String && event.get("event") instanceof String
          && event.get("data") instanceof Map;
      return isEvent ? event : null;
    } catch (RuntimeException | StackOverflowError error) {
      return null;
    }
  }

  static int receive(HttpExchange exchange) throws Exception {
    byte[] body = exchange.getRequestBody().readAllBytes();
    if (!exchange.getRequestURI().getPath().equals(PATH)) return 404;
    if (!exchange.getRequestMethod().equals("POST")) return 405;
    if (!isSigned(body, exchange.getRequestHeaders().get("X-SendEmAll-Signature"))) return 401;
    Map<String, Object> event = parse(body);
    if (event == null) return 400;
    handle(event, body);
    return 200;
  }

  static void answer(HttpExchange exchange) throws IOException {
    int status;
    try {
      status = receive(exchange);
    } catch (Exception error) {
      status = 500;
    }
    exchange.sendResponseHeaders(status, -1);
    exchange.close();
  }

  static String stateOf(String email) {
    Lead lead = leads.get(email);
    if (lead == null) return null;
    int sent = totals.getOrDefault("email.sent", 0);
    int bounced = totals.getOrDefault("email.bounced", 0);
    return String.format(
        Locale.ROOT,
        "{\"suppressed\":%b,\"unsubscribed\":%b,\"open_count\":%.0f,\"sentiment\":%s,\"rates\":{\"bounce_rate\":%s}}",
        lead.suppressed,
        lead.unsubscribed,
        lead.openCount,
        lead.sentiment == null ? "null" : "\"" + lead.sentiment + "\"",
        sent == 0 ? "null" : String.valueOf(Math.min(1.0, (double) bounced / sent)));
  }

  /** Test hooks, on a port of their own. */
  static void hook(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    String[] parts = exchange.getRequestURI().getRawPath().split("/", 3);
    String key = parts.length > 2 ? URLDecoder.decode(parts[2].replace("+", "%2B"), StandardCharsets.UTF_8) : "";
    String text = "{}";
    synchronized (Receiver.class) {
      if (parts[1].equals("effects")) text = "{\"count\":" + effects.getOrDefault(key, 0) + "}";
      if (parts[1].equals("leads")) text = stateOf(key);
      if (parts[1].equals("fault")) crmIsDown = new String(body, StandardCharsets.UTF_8).contains("true");
    }
    byte[] answer = (text == null ? "null" : text).getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(text == null ? 404 : 200, answer.length);
    exchange.getResponseBody().write(answer);
    exchange.close();
  }

  static void endWithParent() {
    try {
      while (System.in.read() >= 0) { }
    } catch (IOException error) {
      // The same: nobody is there.
    }
    Runtime.getRuntime().halt(0);
  }

  static void listen(String port, com.sun.net.httpserver.HttpHandler handler) throws IOException {
    HttpServer server = HttpServer.create(
        new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv(port))), 256);
    server.createContext("/", handler);
    server.setExecutor(Executors.newFixedThreadPool(32));
    server.start();
  }

  public static void main(String[] arguments) throws IOException {
    replay(JOURNAL);
    new Thread(Receiver::endWithParent).start();
    listen("HOOKS_PORT", Receiver::hook);
    listen("PORT", Receiver::answer);
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
