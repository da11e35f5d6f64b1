import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.BufferedWriter;
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
import java.util.function.BiConsumer;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Passes what happens to an e-mail on to the rules that want to know of it. */
public class Rules {
  /** A lead as the rules leave it. */
  static class Lead {
    boolean suppressed = false;
    boolean unsubscribed = false;
    double openCount = 0;
    Object sentiment = null;
    Instant repliedAt = Instant.EPOCH;
  }

  /** What a rule is told. */
  record Notice(Instant at, Map<String, Object> data) { }

  static final Map<String, BiConsumer<Lead, Notice>> RULES = new LinkedHashMap<>();

  static {
    RULES.put("bounce", (lead, notice) -> {
      if ("hard".equals(notice.data().get("bounce_type"))) lead.suppressed = true;
    });
    RULES.put("unsubscribe", (lead, notice) -> {
      lead.unsubscribed = true;
      if (Boolean.TRUE.equals(notice.data().get("suppressed_globally"))) lead.suppressed = true;
    });
    RULES.put("open", (lead, notice) -> {
      Object count = notice.data().get("open_count");
      if (count instanceof Double number) lead.openCount = Math.max(lead.openCount, number);
    });
    RULES.put("repl", (lead, notice) -> {
      if (notice.at().isBefore(lead.repliedAt)) return;
      lead.sentiment = notice.data().get("reply_sentiment");
      lead.repliedAt = notice.at();
    });
    for (String silent : List.of("sent", "delivered", "click", "completed")) RULES.put(silent, (lead, notice) -> { });
  }

  /** The rule for a type of event; there is none for a type that is not known here. */
  static Optional<BiConsumer<Lead, Notice>> ruleFor(String type) {
    for (var rule : RULES.entrySet())
      if (type.contains(rule.getKey())) return Optional.of(rule.getValue());
    return Optional.empty();
  }

  static final Path JOURNAL = Path.of(System.getenv("DATABASE"));
  static final Map<String, Integer> effects = new HashMap<>();
  static final Map<String, Integer> types = new HashMap<>();
  static final Map<String, Lead> leads = new HashMap<>();
  static BufferedWriter journal;
  static boolean isOut;

  /** An event whose members have the right types. */
  static class Event {
    final String id, type;
    final Instant at;
    final Map<String, Object> data;
    final byte[] body;

    @SuppressWarnings("unchecked")
    Event(byte[] body) {
      Map<String, Object> members = (Map<String, Object>) new Json(new String(body, StandardCharsets.UTF_8)).read();
      this.id = Objects.requireNonNull((String) members.get("id"));
      this.type = Objects.requireNonNull((String) members.get("event"));
      this.at = Instant.parse((String) members.get("timestamp"));
      this.data = Objects.requireNonNull((Map<String, Object>) members.get("data"));
      this.body = body;
    }
  }

  static void apply(Event event, BiConsumer<Lead, Notice> rule) {
    effects.merge(event.id, 1, Integer::sum);
    types.merge(event.type, 1, Integer::sum);
    if (event.data.get("lead_email") instanceof String email)
      rule.accept(leads.computeIfAbsent(email, key -> new Lead()), new Notice(event.at, event.data));
  }

  static synchronized void take(Event event) throws IOException {
    var rule = ruleFor(event.type);
    if (rule.isEmpty() || effects.containsKey(event.id)) return;
    if (isOut) throw new IOException("The CRM is out.");
    journal.write(Base64.getEncoder().encodeToString(event.body));
    journal.newLine();
    journal.flush();
    apply(event, rule.get());
  }

  static void open() throws IOException {
    if (Files.exists(JOURNAL)) {
      for (String line : Files.readAllLines(JOURNAL)) {
        Event event = new Event(Base64.getDecoder().decode(line));
        ruleFor(event.type).ifPresent(rule -> apply(event, rule));
      }
    }
    journal = Files.newBufferedWriter(JOURNAL, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  // --- HTTP ------------------------------------------------------------------------------------

  static boolean isSigned(byte[] body, String given) throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(System.getenv("SENDEMALL_SECRET").getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
    byte[] expected = ("sha256=" + HexFormat.of().formatHex(mac.doFinal(body))).getBytes(StandardCharsets.UTF_8);
    return given != null && MessageDigest.isEqual(expected, given.getBytes(StandardCharsets.UTF_8));
  }

  static int statusOf(HttpExchange exchange) throws Exception {
    byte[] body = exchange.getRequestBody().readAllBytes();
    if (!exchange.getRequestURI().getPath().equals("/webhooks/sendemall")) return 404;
    if (!exchange.getRequestMethod().equals("POST")) return 405;
    if (!isSigned(body, exchange.getRequestHeaders().getFirst("X-SendEmAll-Signature"))) return 401;
    Event event;
    try {
      event = new Event(body);
    } catch (RuntimeException | StackOverflowError error) {
      return 400;
    }
    take(event);
    return 204;
  }

  static void answer(HttpExchange exchange) throws IOException {
    int status = 500;
    try {
      status = statusOf(exchange);
    } catch (Exception error) {
      System.err.println(error);
    }
    exchange.sendResponseHeaders(status, -1);
    exchange.close();
  }

  static String quoted(Object value) {
    if (!(value instanceof String text)) return "null";
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  static String stateOf(Lead lead) {
    double sent = types.getOrDefault("email.sent", 0);
    double bounced = types.getOrDefault("email.bounced", 0);
    return String.format(Locale.ROOT, "{\"suppressed\":%s,\"unsubscribed\":%s,\"open_count\":%.0f,", lead.suppressed,
            lead.unsubscribed, lead.openCount)
        + String.format("\"sentiment\":%s,\"rates\":{\"bounce_rate\":%s}}", quoted(lead.sentiment),
            sent > 0 ? Math.min(1, bounced / sent) : null);
  }

  static synchronized String find(String kind, String key, String body) {
    switch (kind) {
      case "effects":
        return "{\"count\":" + effects.getOrDefault(key, 0) + "}";
      case "leads":
        return leads.containsKey(key) ? stateOf(leads.get(key)) : null;
      default:
        isOut = body.contains("true");
        return "{}";
    }
  }

  static void hook(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    List<String> parts = List.of(exchange.getRequestURI().getRawPath().substring(1).split("/", 2));
    String key = parts.size() == 1 ? "" : URLDecoder.decode(parts.get(1).replace("+", "%2B"), StandardCharsets.UTF_8);
    String found = find(parts.get(0), key, body);
    byte[] content = String.valueOf(found).getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(found == null ? 404 : 200, content.length);
    exchange.getResponseBody().write(content);
    exchange.close();
  }

  static void start(String port, com.sun.net.httpserver.HttpHandler handler) throws IOException {
    HttpServer server = HttpServer.create(
        new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv(port))), 256);
    server.setExecutor(Executors.newFixedThreadPool(20));
    server.createContext("/", handler);
    server.start();
  }

  public static void main(String[] arguments) throws IOException {
    open();
    start("HOOKS_PORT", Rules::hook);
    start("PORT", Rules::answer);
    while (System.in.read() >= 0) continue;
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
