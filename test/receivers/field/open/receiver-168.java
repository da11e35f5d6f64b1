import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.*;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Tells two systems of each event, side by side, in a pool of threads. */
public class FanOut {
  /** As many calls as the two systems allow at a time. */
  static final int CALLS = 8;

  record Event(String id, String type, Instant at, Map<String, Object> data, byte[] body) {
    String email() {
      return data.get("lead_email") instanceof String email ? email : null;
    }
  }

  static class Contact {
    boolean suppressed;
    boolean unsubscribed;
    double opens;
    String sentiment;
    Instant repliedAt = Instant.MIN;

    synchronized void update(Event event) {
      Map<String, Object> data = event.data();
      if (event.type().equals("email.opened") && data.get("open_count") instanceof Double count) {
        opens = Math.max(opens, count);
      } else if (event.type().equals("email.bounced") && "hard".equals(data.get("bounce_type"))) {
        suppressed = true;
      } else if (event.type().equals("email.unsubscribed")) {
        unsubscribed = true;
        if (Boolean.TRUE.equals(data.get("suppressed_globally"))) suppressed = true;
      } else if (event.type().equals("email.replied") && !event.at().isBefore(repliedAt)) {
        repliedAt = event.at();
        sentiment = data.get("reply_sentiment") instanceof String text ? text : null;
      }
    }

    synchronized String json(String rate) {
      return String.format(Locale.ROOT,
          "{\"suppressed\":%b,\"unsubscribed\":%b,\"open_count\":%.0f,\"sentiment\":%s,\"rates\":{\"bounce_rate\":%s}}",
          suppressed, unsubscribed, opens, sentiment == null ? "null" : '"' + sentiment + '"', rate);
    }
  }

  private final ExecutorService pool = Executors.newFixedThreadPool(CALLS);
  private final Map<String, Contact> contacts = new ConcurrentHashMap<>();
  private final Map<String, Integer> statistics = new ConcurrentHashMap<>();
  private final Map<String, Integer> effects = new ConcurrentHashMap<>();
  private final Set<String> inWork = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean down = new AtomicBoolean();
  private final FileChannel log;

  FanOut(Path file) throws IOException {
    if (Files.exists(file)) for (String line : Files.readAllLines(file)) {
      Event event = read(Base64.getDecoder().decode(line));
      effects.merge(event.id(), 1, Integer::sum);
      tellCrm(event);
      tellStatistics(event);
    }
    log = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private Void tellCrm(Event event) {
    if (event.email() != null) contacts.computeIfAbsent(event.email(), key -> new Contact()).update(event);
    return null;
  }

  private Void tellStatistics(Event event) {
    statistics.merge(event.type(), 1, Integer::sum);
    return null;
  }

  private static Void after(long millis, Callable<Void> call) throws Exception {
    Thread.sleep(millis);
    return call.call();
  }

  private synchronized void append(byte[] body) throws IOException {
    ByteBuffer line = ByteBuffer.wrap((Base64.getEncoder().encodeToString(body) + "\n").getBytes(StandardCharsets.US_ASCII));
    while (line.hasRemaining()) log.write(line);
  }

  /** Stores an event and tells both systems of it. */
  private Void process(Event event) throws Exception {
    if (down.get()) throw new IOException("The CRM is down.");
    append(event.body());
    List<Callable<Void>> calls = List.of(
        () -> after(8, () -> tellCrm(event)),
        () -> after(5, () -> tellStatistics(event)));
    for (Future<Void> call : pool.invokeAll(calls)) call.get();
    effects.merge(event.id(), 1, Integer::sum);
    return null;
  }

  /** Waits for an event that another request is working on. */
  private boolean begin(String id) throws InterruptedException {
    synchronized (inWork) {
      while (inWork.contains(id)) inWork.wait();
      return !effects.containsKey(id) && inWork.add(id);
    }
  }

  private void end(String id) {
    synchronized (inWork) {
      inWork.remove(id);
      inWork.notifyAll();
    }
  }

  void take(Event event) throws InterruptedException, ExecutionException {
    if (!begin(event.id())) return;
    try {
      pool.submit(() -> process(event)).get();
    } finally {
      end(event.id());
    }
  }

  @SuppressWarnings("unchecked")
  static Event read(byte[] body) {
    var members = (Map<String, Object>) new Json(new String(body, StandardCharsets.UTF_8)).read();
    return new Event(
        Objects.requireNonNull((String) members.get("id")),
        Objects.requireNonNull((String) members.get("event")),
        OffsetDateTime.parse((String) members.get("timestamp")).toInstant(),
        Objects.requireNonNull((Map<String, Object>) members.get("data")),
        body);
  }

  static boolean isSigned(byte[] body, String signature) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(System.getenv("SENDEMALL_SECRET").getBytes(StandardCharsets.UTF_8), mac.getAlgorithm()));
      byte[] expected = ("sha256=" + HexFormat.of().formatHex(mac.doFinal(body))).getBytes(StandardCharsets.UTF_8);
      return MessageDigest.isEqual(expected, Objects.requireNonNullElse(signature, "").getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException error) {
      throw new IllegalStateException(error);
    }
  }

  int webhook(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    if (!"/webhooks/sendemall".equals(exchange.getRequestURI().getPath())) return 404;
    if (!"POST".equals(exchange.getRequestMethod())) return 405;
    if (!isSigned(body, exchange.getRequestHeaders().getFirst("X-SendEmAll-Signature"))) return 401;
    Event event;
    try {
      event = read(body);
    } catch (RuntimeException | StackOverflowError error) {
      return 400;
    }
    if (!event.type().startsWith("email.") && !event.type().startsWith("campaign.")) return 200;
    try {
      take(event);
      return 200;
    } catch (ExecutionException | InterruptedException error) {
      return 503;
    }
  }

  String hook(HttpExchange exchange) throws IOException {
    String order = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    String[] path = exchange.getRequestURI().getRawPath().split("/", 3);
    String key = path.length < 3 ? "" : URLDecoder.decode(path[2].replace("+", "%2B"), StandardCharsets.UTF_8);
    if (path[1].equals("effects")) return "{\"count\":" + effects.getOrDefault(key, 0) + "}";
    if (path[1].equals("fault")) {
      down.set(order.contains("true"));
      return "{}";
    }
    Contact contact = contacts.get(key);
    if (contact == null) return null;
    int sent = statistics.getOrDefault("email.sent", 0);
    double bounced = statistics.getOrDefault("email.bounced", 0);
    return contact.json(sent == 0 ? "null" : String.valueOf(Math.min(1, bounced / sent)));
  }

  static void listen(String port, HttpHandler handler) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv(port))), 256);
    server.createContext("/", handler);
    server.setExecutor(Executors.newCachedThreadPool());
    server.start();
  }

  static void respond(HttpExchange exchange, int status, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length > 0 ? bytes.length : -1);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  public static void main(String[] arguments) throws IOException {
    FanOut fanOut = new FanOut(Path.of(System.getenv("DATABASE")));
    listen("HOOKS_PORT", exchange -> {
      String found = fanOut.hook(exchange);
      respond(exchange, found == null ? 404 : 200, found == null ? "null" : found);
    });
    listen("PORT", exchange -> respond(exchange, fanOut.webhook(exchange), ""));
    while (System.in.read() != -1) { }
    Runtime.getRuntime().halt(0);
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
