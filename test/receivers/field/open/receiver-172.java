import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
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
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * One writer commits what has come in meanwhile, all together. A digest is bytes: it may be written in capital letters, and
 * blanks around it mean nothing.
 */
public class GroupCommit {
  record Event(String id, String type, Instant time, Map<?, ?> data) { }

  record Entry(Event event, byte[] body, CompletableFuture<Boolean> committed) { }

  static class Lead {
    boolean suppressed;
    boolean unsubscribed;
    double openCount;
    Object sentiment;
    Instant sentimentAt = Instant.MIN;
  }

  private final BlockingQueue<Entry> incoming = new ArrayBlockingQueue<>(1000);
  private final Map<String, Integer> effects = new HashMap<>();
  private final Map<String, Integer> types = new HashMap<>();
  private final Map<String, Lead> leads = new HashMap<>();
  private final FileOutputStream file;
  private volatile boolean failing;

  GroupCommit(Path path) throws IOException {
    if (Files.exists(path)) {
      try (var input = new DataInputStream(Files.newInputStream(path))) {
        while (true) apply(parse(input.readNBytes(input.readInt())));
      } catch (EOFException | IllegalArgumentException end) {
        // A record that was not written to its end was not acknowledged.
      }
    }
    file = new FileOutputStream(path.toFile(), true);
  }

  private void apply(Event event) {
    effects.merge(event.id(), 1, Integer::sum);
    types.merge(event.type(), 1, Integer::sum);
    if (!(event.data().get("lead_email") instanceof String email)) return;
    Lead lead = leads.computeIfAbsent(email, key -> new Lead());
    switch (event.type()) {
      case "email.replied" -> {
        if (event.time().isBefore(lead.sentimentAt)) return;
        lead.sentiment = event.data().get("reply_sentiment");
        lead.sentimentAt = event.time();
      }
      case "email.opened" -> {
        if (event.data().get("open_count") instanceof Double count) lead.openCount = Math.max(count, lead.openCount);
      }
      case "email.bounced" -> {
        if ("hard".equals(event.data().get("bounce_type"))) lead.suppressed = true;
      }
      case "email.unsubscribed" -> {
        lead.unsubscribed = true;
        if (event.data().get("suppressed_globally") == Boolean.TRUE) lead.suppressed = true;
      }
      default -> { }
    }
  }

  /** Commits what waits; entries that are there already count as committed. */
  private void commit(List<Entry> batch) {
    synchronized (this) {
      boolean isDown = failing;
      for (Entry entry : batch) {
        boolean isNew = !effects.containsKey(entry.event().id());
        try {
          if (isNew && isDown) throw new IOException("The store is down.");
          if (isNew) {
            var record = new java.io.ByteArrayOutputStream();
            var output = new DataOutputStream(record);
            output.writeInt(entry.body().length);
            output.write(entry.body());
            file.write(record.toByteArray());
            apply(entry.event());
          }
        } catch (IOException error) {
          entry.committed().complete(false);
        }
      }
    }
    for (Entry entry : batch) entry.committed().complete(true);
  }

  void write() {
    List<Entry> batch = new ArrayList<>();
    while (true) {
      try {
        batch.add(incoming.take());
        incoming.drainTo(batch, 63);
        commit(batch);
        batch.clear();
      } catch (InterruptedException error) {
        return;
      }
    }
  }

  static Event parse(byte[] body) {
    try {
      Map<?, ?> members = (Map<?, ?>) new Json(new String(body, StandardCharsets.UTF_8)).read();
      if (members.get("id") instanceof String id && members.get("event") instanceof String type
          && members.get("timestamp") instanceof String time && members.get("data") instanceof Map<?, ?> data) {
        return new Event(id, type, OffsetDateTime.parse(time).toInstant(), data);
      }
    } catch (RuntimeException | StackOverflowError error) {
      throw new IllegalArgumentException(error);
    }
    throw new IllegalArgumentException("a member is missing");
  }

  static boolean isSigned(byte[] body, String header) {
    String text = header == null ? "" : header.strip();
    if (!text.regionMatches(true, 0, "sha256=", 0, 7)) return false;
    try {
      byte[] given = HexFormat.of().parseHex(text.substring(7).strip());
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(System.getenv("SENDEMALL_SECRET").getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      return MessageDigest.isEqual(mac.doFinal(body), given);
    } catch (IllegalArgumentException error) {
      return false;
    } catch (GeneralSecurityException error) {
      throw new IllegalStateException(error);
    }
  }

  int receive(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    if (!exchange.getRequestURI().getPath().equals("/webhooks/sendemall")) return 404;
    if (!exchange.getRequestMethod().equals("POST")) return 405;
    if (!isSigned(body, exchange.getRequestHeaders().getFirst("X-SendEmAll-Signature"))) return 401;
    Event event;
    try {
      event = parse(body);
    } catch (IllegalArgumentException error) {
      return 400;
    }
    if (!event.type().startsWith("email.") && !event.type().startsWith("campaign.")) return 204;
    var committed = new CompletableFuture<Boolean>();
    if (!incoming.offer(new Entry(event, body, committed))) return 503;
    return committed.join() ? 204 : 500;
  }

  synchronized String describe(String email) {
    Lead lead = leads.get(email);
    if (lead == null) return null;
    int sent = types.getOrDefault("email.sent", 0);
    double bounced = types.getOrDefault("email.bounced", 0);
    var json = new StringJoiner(",", "{", "}");
    json.add("\"suppressed\":" + lead.suppressed);
    json.add("\"unsubscribed\":" + lead.unsubscribed);
    json.add("\"open_count\":" + (long) lead.openCount);
    json.add("\"sentiment\":" + (lead.sentiment instanceof String text ? '"' + text + '"' : "null"));
    json.add("\"rates\":{\"bounce_rate\":" + (sent == 0 ? "null" : Math.min(1.0, bounced / sent)) + "}");
    return json.toString();
  }

  String hook(HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    String[] path = (exchange.getRequestURI().getRawPath() + "/").split("/", 3);
    String key = URLDecoder.decode(path[2].replaceFirst("/$", "").replace("+", "%2B"), StandardCharsets.UTF_8);
    switch (path[1]) {
      case "effects":
        synchronized (this) {
          return "{\"count\":" + effects.getOrDefault(key, 0) + "}";
        }
      case "leads":
        return describe(key);
      default:
        failing = body.contains("true");
        return "{}";
    }
  }

  static void listen(String port, HttpHandler handler) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv(port))), 100);
    server.createContext("/", handler);
    server.setExecutor(Executors.newCachedThreadPool());
    server.start();
  }

  public static void main(String[] arguments) throws IOException {
    GroupCommit store = new GroupCommit(Path.of(System.getenv("DATABASE")));
    Thread writer = new Thread(store::write, "writer");
    writer.setDaemon(true);
    writer.start();
    listen("HOOKS_PORT", exchange -> {
      String found = store.hook(exchange);
      byte[] bytes = String.valueOf(found).getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(found == null ? 404 : 200, bytes.length);
      exchange.getResponseBody().write(bytes);
      exchange.close();
    });
    listen("PORT", exchange -> {
      exchange.sendResponseHeaders(store.receive(exchange), -1);
      exchange.close();
    });
    while (System.in.read() != -1) { }
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
