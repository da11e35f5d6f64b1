import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.*;
import java.util.concurrent.Executors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Keeps a timeline for each lead, which the sales portal shows. */
public class Timeline {
  static final String ENDPOINT = "/webhooks/sendemall";

  /** Keys of the timeline sort like the times that they stand for. */
  static final DateTimeFormatter KEY = DateTimeFormatter.ofPattern("YYYY-MM-dd HH:mm:ss.SSS", Locale.US);

  record Event(String id, String kind, String key, Map<String, Object> data, byte[] body) {
    String lead() {
      return data.get("lead_email") instanceof String email ? email : null;
    }

    boolean isOurs() {
      return kind.startsWith("email.") || kind.startsWith("campaign.");
    }
  }

  /** What is shown of a lead; the latest reply is the last entry of its replies. */
  static class Lead {
    final NavigableMap<String, Object> replies = new TreeMap<>();
    boolean suppressed;
    boolean unsubscribed;
    double opens;

    void add(Event event) {
      Map<String, Object> data = event.data();
      switch (event.kind()) {
        case "email.replied" -> replies.put(event.key(), data.get("reply_sentiment"));
        case "email.opened" -> {
          if (data.get("open_count") instanceof Double count) opens = Math.max(opens, count);
        }
        case "email.bounced" -> suppressed |= "hard".equals(data.get("bounce_type"));
        case "email.unsubscribed" -> {
          unsubscribed = true;
          suppressed |= Boolean.TRUE.equals(data.get("suppressed_globally"));
        }
        default -> { }
      }
    }

    Object sentiment() {
      return replies.isEmpty() ? null : replies.lastEntry().getValue();
    }
  }

  /** All leads and events; a file holds the bodies. */
  static class Archive {
    private final Path file;
    private final Map<String, Integer> effects = new HashMap<>();
    private final Map<String, Integer> kinds = new HashMap<>();
    private final Map<String, Lead> leads = new HashMap<>();
    private boolean closed;

    Archive(Path file) throws IOException {
      this.file = file;
      if (!Files.exists(file)) return;
      for (String line : Files.readAllLines(file)) {
        Event event = read(Base64.getDecoder().decode(line));
        if (event != null) index(event);
      }
    }

    private void index(Event event) {
      effects.merge(event.id(), 1, Integer::sum);
      kinds.merge(event.kind(), 1, Integer::sum);
      if (event.lead() != null) leads.computeIfAbsent(event.lead(), email -> new Lead()).add(event);
    }

    /** An event that is there already is not added again. */
    synchronized void add(Event event) throws IOException {
      if (effects.containsKey(event.id())) return;
      if (closed) throw new IOException("The archive is closed.");
      String line = Base64.getEncoder().encodeToString(event.body()) + "\n";
      Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      index(event);
    }

    synchronized void setClosed(boolean closed) {
      this.closed = closed;
    }

    synchronized int effectsOf(String id) {
      return effects.getOrDefault(id, 0);
    }

    synchronized String stateOf(String email) {
      Lead lead = leads.get(email);
      if (lead == null) return null;
      int sent = kinds.getOrDefault("email.sent", 0);
      double bounced = kinds.getOrDefault("email.bounced", 0);
      return new StringJoiner(",", "{", "}")
          .add("\"suppressed\":" + lead.suppressed)
          .add("\"unsubscribed\":" + lead.unsubscribed)
          .add("\"open_count\":" + String.format(Locale.ROOT, "%.0f", lead.opens))
          .add("\"sentiment\":" + quoted(lead.sentiment()))
          .add("\"rates\":{\"bounce_rate\":" + (sent == 0 ? "null" : "" + Math.min(1, bounced / sent)) + "}")
          .toString();
    }
  }

  static String quoted(Object value) {
    if (!(value instanceof String text)) return "null";
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  static String keyOf(String timestamp) {
    return OffsetDateTime.parse(timestamp).withOffsetSameInstant(ZoneOffset.UTC).format(KEY);
  }

  /** The event in a body; null when there is none. */
  @SuppressWarnings("unchecked")
  static Event read(byte[] body) {
    try {
      var members = (Map<String, Object>) new Json(new String(body, StandardCharsets.UTF_8)).read();
      String id = (String) Objects.requireNonNull(members.get("id"));
      String kind = (String) Objects.requireNonNull(members.get("event"));
      String key = keyOf((String) members.get("timestamp"));
      return new Event(id, kind, key, (Map<String, Object>) Objects.requireNonNull(members.get("data")), body);
    } catch (RuntimeException | StackOverflowError error) {
      return null;
    }
  }

  static boolean isSigned(byte[] body, String signature) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      byte[] key = System.getenv("SENDEMALL_SECRET").getBytes(StandardCharsets.UTF_8);
      mac.init(new SecretKeySpec(key, mac.getAlgorithm()));
      String expected = "sha256=" + HexFormat.of().formatHex(mac.doFinal(body));
      byte[] given = signature == null ? new byte[0] : signature.getBytes(StandardCharsets.UTF_8);
      return MessageDigest.isEqual(expected.getBytes(StandardCharsets.UTF_8), given);
    } catch (GeneralSecurityException error) {
      throw new IllegalStateException(error);
    }
  }

  static void answer(HttpExchange exchange, int status, String text) throws IOException {
    byte[] content = text.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, content.length);
    exchange.getResponseBody().write(content);
    exchange.close();
  }

  static HttpHandler webhook(Archive archive) {
    return exchange -> {
      byte[] body = exchange.getRequestBody().readAllBytes();
      if (!exchange.getRequestURI().getPath().equals(ENDPOINT)) {
        answer(exchange, 404, "{\"error\":\"unknown path\"}");
      } else if (!exchange.getRequestMethod().equals("POST")) {
        answer(exchange, 405, "{\"error\":\"POST only\"}");
      } else if (!isSigned(body, exchange.getRequestHeaders().getFirst("X-SendEmAll-Signature"))) {
        answer(exchange, 401, "{\"error\":\"invalid signature\"}");
      } else {
        Event event = read(body);
        if (event == null) {
          answer(exchange, 422, "{\"error\":\"not an event\"}");
          return;
        }
        try {
          if (event.isOurs()) archive.add(event);
        } catch (IOException error) {
          answer(exchange, 503, "{\"error\":\"try again later\"}");
          return;
        }
        answer(exchange, 200, "{\"received\":true}");
      }
    };
  }

  static HttpHandler hooks(Archive archive) {
    return exchange -> {
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      String[] path = (exchange.getRequestURI().getRawPath().substring(1) + "/").split("/", 2);
      String raw = path[1].endsWith("/") ? path[1].substring(0, path[1].length() - 1) : path[1];
      String key = URLDecoder.decode(raw.replace("+", "%2B"), StandardCharsets.UTF_8);
      switch (path[0]) {
        case "effects" -> answer(exchange, 200, "{\"count\":" + archive.effectsOf(key) + "}");
        case "leads" -> {
          String state = archive.stateOf(key);
          answer(exchange, state == null ? 404 : 200, state == null ? "null" : state);
        }
        default -> {
          archive.setClosed(body.contains("true"));
          answer(exchange, 200, "{}");
        }
      }
    };
  }

  static void listen(String variable, HttpHandler handler) throws IOException {
    int port = Integer.parseInt(System.getenv(variable));
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 200);
    server.createContext("/", handler);
    server.setExecutor(Executors.newCachedThreadPool());
    server.start();
  }

  public static void main(String[] arguments) throws IOException {
    Archive archive = new Archive(Path.of(System.getenv("DATABASE")));
    listen("HOOKS_PORT", hooks(archive));
    listen("PORT", webhook(archive));
    while (System.in.read() >= 0) { }
    Runtime.getRuntime().halt(0);
  }

  // JSON

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
