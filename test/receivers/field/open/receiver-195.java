import java.io.*;
import java.net.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.*;
import java.time.*;
import java.util.*;
import java.util.concurrent.*;
import java.util.function.*;
import java.util.stream.*;
import javax.crypto.*;
import javax.crypto.spec.*;

/**
 * Hands every reply to a classifier of our own before it answers. The classifier reads 20 kB a second, and gives up
 * after three seconds: the longer a reply, the later the response.
 */
public final class PatientReceiver {
  private static final long NANOS_PER_CHARACTER = 50_000;
  private static final long MAX_NANOS = 3_000_000_000L;

  private final Map<String, Long> effects = new ConcurrentHashMap<>();
  private final Map<String, List<Fact>> facts = new ConcurrentHashMap<>();
  private final Map<String, Long> kinds = new ConcurrentHashMap<>();
  private final Path folder;
  private volatile boolean outage;
  private long number;

  /** One thing that an event says about a lead. */
  private record Fact(Instant at, long number, boolean suppresses, boolean leaves, double opens, Optional<String> mood) {}

  private PatientReceiver(Path folder) throws IOException {
    this.folder = Files.createDirectories(folder);
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> stored = files.filter(file -> file.toString().endsWith(".event")).sorted().toList();
      for (Path file : stored) {
        number++;
        learn(Json.event(Files.readAllBytes(file)));
      }
    }
  }

  private void learn(Map<String, Object> event) {
    effects.merge((String) event.get("id"), 1L, Long::sum);
    String kind = (String) event.get("event");
    kinds.merge(kind, 1L, Long::sum);
    Map<?, ?> data = (Map<?, ?>) event.get("data");
    if (!(data.get("lead_email") instanceof String email)) return;
    boolean leaves = kind.equals("email.unsubscribed");
    boolean suppresses = kind.equals("email.bounced") && "hard".equals(data.get("bounce_type"))
        || leaves && Boolean.TRUE.equals(data.get("suppressed_globally"));
    double opens = kind.equals("email.opened") && data.get("open_count") instanceof Double count ? Math.min(count, 1e15) : 0;
    Optional<String> mood = kind.equals("email.replied")
        ? Optional.of(String.valueOf(data.get("reply_sentiment"))) : Optional.empty();
    Fact fact = new Fact(Json.time(event), number, suppresses, leaves, opens, mood);
    facts.computeIfAbsent(email, key -> new CopyOnWriteArrayList<>()).add(fact);
  }

  private synchronized boolean store(Map<String, Object> event, byte[] body) throws IOException {
    if (effects.containsKey((String) event.get("id"))) return true;
    if (outage) return false;
    number++;
    Path part = folder.resolve("part");
    Files.write(part, body);
    Files.move(part, folder.resolve(String.format("%012d.event", number)), StandardCopyOption.ATOMIC_MOVE);
    learn(event);
    return true;
  }

  private static void classify(Map<String, Object> event) throws InterruptedException {
    if (((Map<?, ?>) event.get("data")).get("reply_preview") instanceof String text) {
      TimeUnit.NANOSECONDS.sleep(Math.min(MAX_NANOS, text.length() * NANOS_PER_CHARACTER));
    }
  }

  private int receive(String method, String target, Map<String, String> headers, byte[] body) throws Exception {
    if (!target.replaceFirst("\\?.*", "").equals("/webhooks/sendemall")) return 404;
    if (!method.equals("POST")) return 405;
    byte[] key = System.getenv("SENDEMALL_SECRET").getBytes(StandardCharsets.UTF_8);
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, mac.getAlgorithm()));
    String digest = "sha256=" + HexFormat.of().formatHex(mac.doFinal(body));
    String signature = headers.getOrDefault("x-sendemall-signature", "");
    if (!MessageDigest.isEqual(digest.getBytes(), signature.getBytes())) return 401;
    Map<String, Object> event;
    try {
      event = Json.event(body);
    } catch (RuntimeException | StackOverflowError malformed) {
      return 400;
    }
    if (!effects.containsKey((String) event.get("id"))) classify(event);
    return store(event, body) ? 200 : 503;
  }

  private Optional<String> describe(String email) {
    return Optional.ofNullable(facts.get(email)).map(all -> {
      Predicate<Predicate<Fact>> any = test -> all.stream().anyMatch(test);
      String mood = all.stream().filter(fact -> fact.mood().isPresent())
          .max(Comparator.comparing(Fact::at).thenComparing(Fact::number))
          .flatMap(Fact::mood).filter(text -> text.matches("\\w+") && !text.equals("null"))
          .map(text -> '"' + text + '"').orElse("null");
      long sent = kinds.getOrDefault("email.sent", 0L);
      String rate = sent == 0 ? "null" : "" + Math.min(1.0, kinds.getOrDefault("email.bounced", 0L) / (double) sent);
      return "{\"suppressed\": " + any.test(Fact::suppresses) + ", \"unsubscribed\": " + any.test(Fact::leaves)
          + ", \"open_count\": " + all.stream().mapToDouble(Fact::opens).max().orElse(0)
          + ", \"sentiment\": " + mood + ", \"rates\": {\"bounce_rate\": " + rate + "}}";
    });
  }

  private Answer hook(String path, byte[] body) {
    String key = URLDecoder.decode(path.replaceFirst("/[^/]*/?", "").replace("+", "%2B"), StandardCharsets.UTF_8);
    Optional<String> answer = Optional.of("{}");
    if (path.startsWith("/effects/")) answer = Optional.of("{\"count\": " + effects.getOrDefault(key, 0L) + "}");
    else if (path.startsWith("/leads/")) answer = describe(key);
    else outage = new String(body).contains("true");
    return new Answer(answer.isPresent() ? 200 : 404, answer.orElse("{}"));
  }

  private record Answer(int status, String text) {}

  private interface Handler {
    Answer answer(String method, String target, Map<String, String> headers, byte[] body) throws Exception;
  }

  /** One connection: requests until it is closed. */
  private static final class Connection implements Runnable {
    private final Socket socket;
    private final Handler handler;
    private DataInputStream in;
    private OutputStream out;

    Connection(Socket socket, Handler handler) {
      this.socket = socket;
      this.handler = handler;
    }

    @Override
    public void run() {
      try (socket) {
        socket.setTcpNoDelay(true);
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        out = socket.getOutputStream();
        while (exchange()) continue;
      } catch (Exception gone) {
        // Whoever sent this does not wait any longer, or does not speak HTTP.
      }
    }

    private String line() throws IOException {
      StringBuilder line = new StringBuilder();
      for (int c = in.readUnsignedByte(); c != '\n'; c = in.readUnsignedByte()) line.append((char) c);
      return line.toString().stripTrailing();
    }

    private byte[] body(Map<String, String> headers) throws IOException {
      if (headers.getOrDefault("expect", "").equalsIgnoreCase("100-continue")) {
        out.write("HTTP/1.1 100 Continue\r\n\r\n".getBytes());
      }
      ByteArrayOutputStream body = new ByteArrayOutputStream();
      if (headers.getOrDefault("transfer-encoding", "").equalsIgnoreCase("chunked")) {
        for (int size = size(); size > 0; size = size()) {
          part(body, size);
          line();
        }
        while (!line().isEmpty()) continue;
      } else {
        part(body, Integer.parseInt(headers.getOrDefault("content-length", "0")));
      }
      return body.toByteArray();
    }

    private int size() throws IOException {
      return Integer.parseInt(line().replaceFirst("\\s*(;.*)?$", ""), 16);
    }

    private void part(ByteArrayOutputStream body, int size) throws IOException {
      byte[] bytes = new byte[size];
      in.readFully(bytes);
      body.write(bytes);
    }

    private boolean exchange() throws Exception {
      String[] request = line().split(" ");
      Map<String, String> headers = new HashMap<>();
      for (String line = line(); !line.isEmpty(); line = line()) {
        String[] parts = line.split(":", 2);
        headers.put(parts[0].toLowerCase(Locale.ROOT), parts[1].strip());
      }
      boolean stays = request[2].equals("HTTP/1.1") && !headers.getOrDefault("connection", "").equalsIgnoreCase("close");
      Answer answer = handler.answer(request[0], request[1], headers, body(headers));
      byte[] text = answer.text().getBytes(StandardCharsets.UTF_8);
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      bytes.writeBytes(("HTTP/1.1 " + answer.status() + " Answer\r\nContent-Type: application/json\r\nContent-Length: "
          + text.length + (stays ? "" : "\r\nConnection: close") + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
      if (!request[0].equals("HEAD")) bytes.writeBytes(text);
      out.write(bytes.toByteArray());
      return stays;
    }
  }

  private static void listen(String variable, Handler handler) throws IOException {
    int port = Integer.parseInt(System.getenv(variable));
    ServerSocket server = new ServerSocket(port, 200, InetAddress.getByName("127.0.0.1"));
    ExecutorService threads = Executors.newCachedThreadPool();
    threads.execute(() -> {
      try {
        while (true) threads.execute(new Connection(server.accept(), handler));
      } catch (IOException error) {
        error.printStackTrace();
        System.exit(1);
      }
    });
  }

  public static void main(String[] args) throws Exception {
    PatientReceiver receiver = new PatientReceiver(Path.of(System.getenv("DATABASE") + ".events"));
    listen("HOOKS_PORT", (method, target, headers, body) -> receiver.hook(target, body));
    listen("PORT", (method, target, headers, body) -> {
      int status = receiver.receive(method, target, headers, body);
      return new Answer(status, "{\"status\": " + status + "}");
    });
    System.in.readAllBytes();
    System.exit(0);
  }

  /** Just enough JSON. */
  private static final class Json {
    private final char[] text;
    private int at;

    private Json(String text) {
      this.text = (text + "\0").toCharArray();
    }

    static Map<String, Object> event(byte[] body) {
      Json json = new Json(new String(body, StandardCharsets.UTF_8));
      Object value = json.value();
      json.space();
      if (json.at != json.text.length - 1) throw json.error();
      @SuppressWarnings("unchecked") Map<String, Object> event = (Map<String, Object>) value;
      boolean hasTexts = Stream.of("id", "event", "timestamp").allMatch(name -> event.get(name) instanceof String);
      if (!hasTexts || !(event.get("data") instanceof Map)) throw json.error();
      time(event);
      return event;
    }

    static Instant time(Map<String, Object> event) {
      return OffsetDateTime.parse((String) event.get("timestamp")).toInstant();
    }

    private IllegalArgumentException error() {
      return new IllegalArgumentException("Invalid event at " + at);
    }

    private void space() {
      while (text[at] == ' ' || text[at] == '\n' || text[at] == '\t' || text[at] == '\r') at++;
    }

    private void expect(String word) {
      for (int i = 0; i < word.length(); i++) if (text[at++] != word.charAt(i)) throw error();
    }

    private Object value() {
      space();
      Object value = switch (text[at]) {
        case '{' -> members();
        case '[' -> items();
        case '"' -> string();
        case 't' -> word("true", true);
        case 'f' -> word("false", false);
        case 'n' -> word("null", null);
        default -> number();
      };
      space();
      return value;
    }

    private Object word(String word, Object value) {
      expect(word);
      return value;
    }

    private Double number() {
      int from = at;
      while ("+-.eE0123456789".indexOf(text[at]) >= 0) at++;
      return Double.valueOf(new String(text, from, at - from));
    }

    private Map<String, Object> members() {
      Map<String, Object> members = new HashMap<>();
      expect("{");
      space();
      while (text[at] != '}') {
        if (!members.isEmpty()) expect(",");
        space();
        String name = string();
        space();
        expect(":");
        members.put(name, value());
      }
      at++;
      return members;
    }

    private List<Object> items() {
      List<Object> items = new ArrayList<>();
      expect("[");
      space();
      while (text[at] != ']') {
        if (!items.isEmpty()) expect(",");
        items.add(value());
      }
      at++;
      return items;
    }

    private String string() {
      expect("\"");
      StringBuilder string = new StringBuilder();
      while (text[at] != '"') {
        if (at == text.length - 1) throw error();
        if (text[at] == '\\') string.append(escape());
        else string.append(text[at++]);
      }
      at++;
      return string.toString();
    }

    private char escape() {
      at += 2;
      char code = text[at - 1];
      if (code == 'u') {
        at += 4;
        return (char) Integer.parseInt(new String(text, at - 4, 4), 16);
      }
      int index = "\"\\/bfnrt".indexOf(code);
      if (index < 0) throw error();
      return "\"\\/\b\f\n\r\t".charAt(index);
    }
  }
}
