import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.*;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.*;
import java.util.concurrent.*;
import java.util.regex.*;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Single writer: web threads put commands into a queue and wait; one thread owns the state and the file, and forces each
 * event to the disk before it reports the result to the thread that waits for it.
 */
class SingleWriter {
  sealed interface Command permits Store, Query, Outage {}
  record Store(String id, Map<String, Object> event, byte[] body) implements Command {}
  record Query(String kind, String key, CompletableFuture<String> result) implements Command {}
  record Outage(boolean on, CompletableFuture<String> result) implements Command {}

  static class Lead {
    boolean suppressed, unsubscribed;
    double opens;
    Object sentiment;
    Instant at = Instant.EPOCH.minusSeconds(1L << 36);
  }

  static final BlockingQueue<Command> COMMANDS = new LinkedBlockingQueue<>();
  /** The web threads that wait, by the id of the event. */
  static final Map<String, CompletableFuture<Integer>> WAITING = new ConcurrentHashMap<>();
  static final int PATIENCE_SECONDS = 60;

  // Owned by the writer.
  static final Map<String, Integer> effects = new HashMap<>();
  static final Map<String, Integer> totals = new HashMap<>();
  static final Map<String, Lead> leads = new HashMap<>();
  static boolean outage;

  static void write(FileChannel file) throws Exception {
    while (true) {
      Command command = COMMANDS.take();
      if (command instanceof Query query) {
        query.result().complete(query.kind().equals("effects")
            ? "{\"count\":" + effects.getOrDefault(query.key(), 0) + "}" : describe(query.key()));
      } else if (command instanceof Outage order) {
        outage = order.on();
        order.result().complete("{}");
      } else if (command instanceof Store store) {
        int status = 200;
        if (!effects.containsKey(store.id())) {
          status = outage ? 503 : 200;
          if (!outage) {
            ByteBuffer record = ByteBuffer.allocate(4 + store.body().length);
            file.write(record.putInt(store.body().length).put(store.body()).flip());
            file.force(false);
            apply(store.event());
          }
        }
        CompletableFuture<Integer> waiting = WAITING.remove(store.id());
        if (waiting != null) waiting.complete(status);
      }
    }
  }

  static void load(FileChannel file) throws IOException {
    ByteBuffer all = ByteBuffer.allocate((int) file.size());
    file.read(all, 0);
    all.flip();
    while (all.remaining() >= 4 && all.remaining() - 4 >= all.getInt(all.position())) {
      byte[] body = new byte[all.getInt()];
      all.get(body);
      apply(event(body));
    }
    file.position(all.position());
  }

  static void apply(Map<String, Object> event) {
    effects.merge((String) event.get("id"), 1, Integer::sum);
    totals.merge((String) event.get("event"), 1, Integer::sum);
    Map<?, ?> data = (Map<?, ?>) event.get("data");
    if (!(data.get("lead_email") instanceof String email)) return;
    Lead lead = leads.computeIfAbsent(email, key -> new Lead());
    switch ((String) event.get("event")) {
      case "email.unsubscribed":
        lead.unsubscribed = true;
        lead.suppressed |= data.get("suppressed_globally") == Boolean.TRUE;
        break;
      case "email.bounced":
        lead.suppressed |= "hard".equals(data.get("bounce_type"));
        break;
      case "email.opened":
        if (data.get("open_count") instanceof Number count) lead.opens = Math.max(lead.opens, Math.min(count.doubleValue(), 1e15));
        break;
      case "email.replied":
        Instant at = Instant.parse((String) event.get("timestamp"));
        if (at.isBefore(lead.at)) break;
        lead.at = at;
        lead.sentiment = data.get("reply_sentiment");
        break;
    }
  }

  static String describe(String email) {
    Lead lead = leads.get(email);
    if (lead == null) return null;
    double sent = totals.getOrDefault("email.sent", 0);
    String rate = sent > 0 ? "" + Math.min(1, totals.getOrDefault("email.bounced", 0) / sent) : "null";
    String sentiment = lead.sentiment instanceof String text ? "\"" + text.replaceAll("[\"\\\\\\p{Cntrl}]", "") + "\"" : "null";
    return """
        {"suppressed": %b, "unsubscribed": %b, "open_count": %.1f, "sentiment": %s, "rates": {"bounce_rate": %s}}"""
        .formatted(lead.suppressed, lead.unsubscribed, lead.opens, sentiment, rate);
  }

  static Map<String, Object> event(byte[] body) {
    if (!(new Json(new String(body, UTF_8)).parse() instanceof Map<?, ?> map)) throw new IllegalArgumentException("no object");
    @SuppressWarnings("unchecked") Map<String, Object> event = (Map<String, Object>) map;
    for (String name : List.of("id", "event", "timestamp")) {
      if (!(event.get(name) instanceof String)) throw new IllegalArgumentException(name);
    }
    if (!(event.get("data") instanceof Map)) throw new IllegalArgumentException("data");
    Instant.parse((String) event.get("timestamp"));
    return event;
  }

  static int receive(HttpExchange http) throws Exception {
    byte[] body = http.getRequestBody().readAllBytes();
    if (!"/webhooks/sendemall".equals(http.getRequestURI().getPath())) return 404;
    if (!"POST".equals(http.getRequestMethod())) return 405;
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(System.getenv("SENDEMALL_SECRET").getBytes(UTF_8), "RAW"));
    StringBuilder expected = new StringBuilder("sha256=");
    for (byte b : mac.doFinal(body)) expected.append(String.format("%02x", b));
    String given = Objects.requireNonNullElse(http.getRequestHeaders().getFirst("X-SendEmAll-Signature"), "");
    if (!MessageDigest.isEqual(expected.toString().getBytes(UTF_8), given.getBytes(UTF_8))) return 401;
    Store store;
    try {
      Map<String, Object> event = event(body);
      store = new Store((String) event.get("id"), event, body);
    } catch (RuntimeException | StackOverflowError e) {
      return 400;
    }
    CompletableFuture<Integer> result = new CompletableFuture<>();
    WAITING.put(store.id(), result);
    COMMANDS.put(store);
    return result.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  static String hook(HttpExchange http) throws Exception {
    String body = new String(http.getRequestBody().readAllBytes(), UTF_8);
    String[] parts = http.getRequestURI().getRawPath().split("/", 3);
    CompletableFuture<String> result = new CompletableFuture<>();
    COMMANDS.put(parts[1].equals("fault")
        ? new Outage(body.contains("true"), result)
        : new Query(parts[1], URLDecoder.decode(parts[2].replace("+", "%2B"), UTF_8), result));
    return result.get();
  }

  interface View {
    Object answer(HttpExchange http) throws Exception;
  }

  static void listen(String variable, View view) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv(variable))), 300);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext("/", http -> {
      try {
        Object answer = view.answer(http);
        int status = answer instanceof Integer number ? number : answer == null ? 404 : 200;
        byte[] content = (answer instanceof String text ? text : "{\"status\": " + status + "}").getBytes(UTF_8);
        boolean isEmpty = http.getRequestMethod().equals("HEAD");
        http.sendResponseHeaders(status, isEmpty ? -1 : content.length);
        if (!isEmpty) http.getResponseBody().write(content);
      } catch (IOException e) {
        // The sender is gone.
      } catch (Exception e) {
        http.sendResponseHeaders(500, -1);
      } finally {
        http.close();
      }
    });
    server.start();
  }

  public static void main(String... none) throws Exception {
    System.setProperty("sun.net.httpserver.nodelay", "true");
    FileChannel file = FileChannel.open(Path.of(System.getenv("DATABASE")),
        StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    load(file);
    Thread writer = new Thread(() -> {
      try {
        write(file);
      } catch (Exception e) {
        e.printStackTrace();
        System.exit(1);
      }
    });
    writer.setDaemon(true);
    writer.start();
    listen("HOOKS_PORT", SingleWriter::hook);
    listen("PORT", SingleWriter::receive);
    System.in.transferTo(java.io.OutputStream.nullOutputStream());
    System.exit(0);
  }

  /** JSON by tokens. */
  static class Json {
    static final Pattern NUMBER = Pattern.compile("-?\\d+(\\.\\d+)?([eE][+-]?\\d+)?");
    final String text;
    int at;

    Json(String text) {
      this.text = text;
    }

    Object parse() {
      Object value = value();
      if (peek() != 0) throw new IllegalArgumentException("trailing text");
      return value;
    }

    char peek() {
      while (at < text.length() && Character.isWhitespace(text.charAt(at))) at++;
      return at < text.length() ? text.charAt(at) : 0;
    }

    boolean skip(char expected) {
      boolean is = peek() == expected;
      if (is) at++;
      return is;
    }

    void must(char expected) {
      if (!skip(expected)) throw new IllegalArgumentException("expected " + expected + " at " + at);
    }

    Object value() {
      char first = peek();
      if (first == '"') return string();
      if (skip('{')) {
        Map<String, Object> map = new LinkedHashMap<>();
        if (skip('}')) return map;
        do {
          peek();
          String name = string();
          must(':');
          map.put(name, value());
        } while (skip(','));
        must('}');
        return map;
      }
      if (skip('[')) {
        List<Object> list = new ArrayList<>();
        if (skip(']')) return list;
        do list.add(value()); while (skip(','));
        must(']');
        return list;
      }
      for (Object word : Arrays.asList(true, false, null)) {
        if (text.startsWith(String.valueOf(word), at)) {
          at += String.valueOf(word).length();
          return word;
        }
      }
      Matcher number = NUMBER.matcher(text).region(at, text.length());
      if (!number.lookingAt()) throw new IllegalArgumentException("no value at " + at);
      at = number.end();
      return Double.valueOf(number.group());
    }

    String string() {
      must('"');
      StringBuilder out = new StringBuilder();
      for (char c; (c = text.charAt(at++)) != '"'; ) {
        if (c == '\\') {
          c = text.charAt(at++);
          int index = "nrtbf".indexOf(c);
          if (index >= 0) c = "\n\r\t\b\f".charAt(index);
          else if (c == 'u') c = (char) Integer.parseInt(text.substring(at, at += 4), 16);
        }
        out.append(c);
      }
      return out.toString();
    }
  }
}
