import java.io.*;
import java.net.*;
import java.nio.*;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.*;
import java.util.*;
import java.util.concurrent.*;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * A receiver on plain sockets with a card file: each lead has a page of fixed size, with the state on top and below it
 * the history of the lead, for the people of the call centre. A second file has the ids of all events.
 */
public class CardFile {
  static final int PAGE = 2048;

  static class Card {
    final int page;
    final String email;
    boolean suppressed, unsubscribed;
    double opens;
    String sentiment = "";
    long repliedAt = Long.MIN_VALUE;
    List<String> history = new ArrayList<>();

    Card(int page, String email) {
      this.page = page;
      this.email = email;
    }

    /** A card with one more line of history. */
    Card with(String type, OffsetDateTime at, String id, Map<?, ?> data) {
      Card next = new Card(page, email);
      next.suppressed = suppressed;
      next.unsubscribed = unsubscribed;
      next.opens = opens;
      next.sentiment = sentiment;
      next.repliedAt = repliedAt;
      next.history = new ArrayList<>(history);
      next.history.add(at.toInstant() + " " + type + " " + Integer.toHexString(id.hashCode()));
      switch (type) {
        case "email.bounced" -> next.suppressed |= "hard".equals(data.get("bounce_type"));
        case "email.unsubscribed" -> {
          next.unsubscribed = true;
          next.suppressed |= Boolean.TRUE.equals(data.get("suppressed_globally"));
        }
        case "email.opened" -> {
          if (data.get("open_count") instanceof Double count) next.opens = Math.max(opens, Math.min(count, 1e15));
        }
        case "email.replied" -> {
          long time = at.toInstant().toEpochMilli();
          if (time >= repliedAt) {
            next.repliedAt = time;
            next.sentiment = data.get("reply_sentiment") instanceof String text ? text : "";
          }
        }
        default -> { }
      }
      return next;
    }

    byte[] encode() {
      ByteBuffer buffer = ByteBuffer.allocate(PAGE);
      put(buffer, email);
      buffer.put((byte) (suppressed ? 1 : 0)).put((byte) (unsubscribed ? 1 : 0));
      buffer.putDouble(opens).putLong(repliedAt);
      put(buffer, sentiment);
      buffer.putShort((short) history.size());
      history.forEach(line -> put(buffer, line));
      return buffer.array();
    }

    static void put(ByteBuffer buffer, String text) {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      buffer.putShort((short) bytes.length).put(bytes);
    }

    static Card decode(int page, byte[] bytes) {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      Card card = new Card(page, get(buffer));
      card.suppressed = buffer.get() == 1;
      card.unsubscribed = buffer.get() == 1;
      card.opens = buffer.getDouble();
      card.repliedAt = buffer.getLong();
      card.sentiment = get(buffer);
      for (int lines = buffer.getShort(); lines > 0; lines--) card.history.add(get(buffer));
      return card;
    }

    static String get(ByteBuffer buffer) {
      byte[] bytes = new byte[buffer.getShort()];
      buffer.get(bytes);
      return new String(bytes, StandardCharsets.UTF_8);
    }
  }

  final Map<String, Card> cards = new HashMap<>();
  final Map<String, Integer> ids = new HashMap<>();
  int sent, bounced;
  boolean down;
  final RandomAccessFile file, log;

  CardFile(String path) throws IOException {
    file = new RandomAccessFile(path, "rw");
    log = new RandomAccessFile(path + ".ids", "rw");
    byte[] bytes = new byte[PAGE];
    for (int page = 0; (page + 1L) * PAGE <= file.length(); page++) {
      file.readFully(bytes);
      Card card = Card.decode(page, bytes);
      cards.put(card.email, card);
    }
    for (String line; (line = log.readLine()) != null; ) {
      String[] parts = line.split(" ");
      count(new String(Base64.getDecoder().decode(parts[1]), StandardCharsets.UTF_8), parts[0]);
    }
  }

  void count(String id, String type) {
    ids.merge(id, 1, Integer::sum);
    if (type.equals("email.sent")) sent++;
    if (type.equals("email.bounced")) bounced++;
  }

  synchronized void process(String id, String type, OffsetDateTime at, Map<?, ?> data) throws IOException {
    if (ids.containsKey(id)) return;
    if (down) throw new IOException("The card file is locked.");
    if (data.get("lead_email") instanceof String email) {
      Card card = cards.getOrDefault(email, new Card(cards.size(), email)).with(type, at, id, data);
      byte[] bytes = card.encode();
      file.seek((long) card.page * PAGE);
      file.write(bytes);
      cards.put(email, card);
    }
    String code = Base64.getEncoder().encodeToString(id.getBytes(StandardCharsets.UTF_8));
    log.writeBytes(type.replaceAll("\\s", "_") + " " + code + "\n");
    count(id, type);
  }

  synchronized String state(String email) {
    Card card = cards.get(email);
    if (card == null) return null;
    return String.format(Locale.ROOT,
        "{\"suppressed\":%s,\"unsubscribed\":%s,\"open_count\":%.0f,\"sentiment\":%s,\"rates\":{\"bounce_rate\":%s}}",
        card.suppressed, card.unsubscribed, card.opens,
        card.sentiment.isEmpty() ? "null" : "\"" + card.sentiment.replaceAll("[^ -~]|[\"\\\\]", "?") + "\"",
        sent == 0 ? "null" : Math.min(1.0, (double) bounced / sent));
  }

  synchronized int effects(String id) {
    return ids.getOrDefault(id, 0);
  }

  record Request(String method, String target, String version, Map<String, String> headers, byte[] body) {}

  record Answer(int status, String text) {}

  interface Application {
    Answer answer(Request request) throws Exception;
  }

  Answer webhook(Request request) throws Exception {
    if (!request.target().split("\\?")[0].equals("/webhooks/sendemall")) return new Answer(404, "not found");
    if (!request.method().equals("POST")) return new Answer(405, "POST only");
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(System.getenv("SENDEMALL_SECRET").getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
    byte[] expected = ("sha256=" + HexFormat.of().formatHex(mac.doFinal(request.body()))).getBytes(StandardCharsets.ISO_8859_1);
    String given = request.headers().getOrDefault("x-sendemall-signature", "");
    if (!MessageDigest.isEqual(expected, given.getBytes(StandardCharsets.ISO_8859_1))) return new Answer(401, "forgery");
    String id, type;
    OffsetDateTime at;
    Map<?, ?> data;
    try {
      Map<?, ?> event = (Map<?, ?>) new Parser(new StringReader(new String(request.body(), StandardCharsets.UTF_8))).all();
      id = Objects.requireNonNull((String) event.get("id"));
      type = Objects.requireNonNull((String) event.get("event"));
      at = OffsetDateTime.parse((String) event.get("timestamp"));
      data = Objects.requireNonNull((Map<?, ?>) event.get("data"));
    } catch (RuntimeException | IOException | StackOverflowError e) {
      return new Answer(400, "not an event");
    }
    try {
      process(id, type, at, data);
    } catch (IOException | BufferOverflowException e) {
      return new Answer(500, "not stored");
    }
    return new Answer(200, "stored");
  }

  Answer hooks(Request request) {
    String[] parts = request.target().split("/", 3);
    String key = parts.length < 3 ? "" : URLDecoder.decode(parts[2].replace("+", "%2B"), StandardCharsets.UTF_8);
    switch (parts[1]) {
      case "effects": return new Answer(200, "{\"count\":" + effects(key) + "}");
      case "leads":
        String state = state(key);
        return state == null ? new Answer(404, "{}") : new Answer(200, state);
      default:
        synchronized (this) {
          down = new String(request.body()).contains("true");
        }
        return new Answer(200, "{}");
    }
  }

  static String line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int b; (b = in.read()) != '\n'; line.write(b)) if (b < 0) throw new EOFException();
    return line.toString(StandardCharsets.ISO_8859_1).stripTrailing();
  }

  static byte[] body(Map<String, String> headers, InputStream in, OutputStream out) throws IOException {
    if (headers.getOrDefault("expect", "").equalsIgnoreCase("100-continue")) {
      out.write("HTTP/1.1 100 Continue\r\n\r\n".getBytes());
      out.flush();
    }
    if (!headers.getOrDefault("transfer-encoding", "").equalsIgnoreCase("chunked")) {
      int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
      byte[] body = in.readNBytes(length);
      if (body.length < length) throw new EOFException();
      return body;
    }
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    for (int size; (size = Integer.parseInt(line(in).split(";")[0].trim(), 16)) > 0; line(in)) body.write(in.readNBytes(size));
    while (!line(in).isEmpty()) continue;
    return body.toByteArray();
  }

  static void serve(Socket socket, Application application) {
    try (socket) {
      socket.setTcpNoDelay(true);
      InputStream in = new BufferedInputStream(socket.getInputStream());
      OutputStream out = new BufferedOutputStream(socket.getOutputStream());
      for (boolean stays = true; stays; out.flush()) {
        String[] first = line(in).split(" ");
        if (first.length != 3) return;
        Map<String, String> headers = new HashMap<>();
        for (String header; !(header = line(in)).isEmpty(); ) {
          int colon = header.indexOf(':');
          if (colon > 0) headers.put(header.substring(0, colon).toLowerCase(Locale.ROOT), header.substring(colon + 1).strip());
        }
        Request request = new Request(first[0], first[1], first[2], headers, body(headers, in, out));
        stays = first[2].equals("HTTP/1.1") && !headers.getOrDefault("connection", "").equalsIgnoreCase("close");
        Answer answer = application.answer(request);
        byte[] text = answer.text().getBytes(StandardCharsets.UTF_8);
        out.write(("HTTP/1.1 " + answer.status() + " -\r\nContent-Length: " + text.length
            + (stays ? "" : "\r\nConnection: close") + "\r\n\r\n").getBytes());
        if (!first[0].equals("HEAD")) out.write(text);
      }
    } catch (Exception e) {
      // The connection is closed.
    }
  }

  static void listen(String variable, Application application, ExecutorService threads) throws IOException {
    InetAddress local = InetAddress.getByName("127.0.0.1");
    ServerSocket server = new ServerSocket(Integer.parseInt(System.getenv(variable)), 200, local);
    threads.execute(() -> {
      while (true) {
        try {
          Socket socket = server.accept();
          threads.execute(() -> serve(socket, application));
        } catch (IOException e) {
          e.printStackTrace();
        }
      }
    });
  }

  public static void main(String[] args) throws IOException {
    CardFile cards = new CardFile(System.getenv("DATABASE"));
    ExecutorService threads = Executors.newCachedThreadPool();
    listen("HOOKS_PORT", cards::hooks, threads);
    listen("PORT", cards::webhook, threads);
    while (System.in.read() >= 0) continue;
    Runtime.getRuntime().halt(0);
  }

  /** JSON from a reader, one character ahead. */
  static class Parser {
    final Reader in;
    int c;

    Parser(Reader in) throws IOException {
      this.in = in;
      c = in.read();
    }

    Object all() throws IOException {
      Object value = value();
      if (blank() != -1) throw new IOException("more than one value");
      return value;
    }

    int take() throws IOException {
      int taken = c;
      c = in.read();
      return taken;
    }

    int blank() throws IOException {
      while (c == ' ' || c == '\n' || c == '\r' || c == '\t') take();
      return c;
    }

    void take(String expected) throws IOException {
      for (char e : expected.toCharArray()) if (take() != e) throw new IOException("expected " + expected);
    }

    Object value() throws IOException {
      switch (blank()) {
        case '{': return object();
        case '[': return array();
        case '"': return text();
        case 't': take("true"); return Boolean.TRUE;
        case 'f': take("false"); return Boolean.FALSE;
        case 'n': take("null"); return null;
        default:
          StringBuilder number = new StringBuilder();
          while ("0123456789+-.eE".indexOf(c) >= 0) number.append((char) take());
          return Double.valueOf(number.toString());
      }
    }

    Map<String, Object> object() throws IOException {
      Map<String, Object> object = new HashMap<>();
      take("{");
      for (boolean isFirst = true; blank() != '}'; isFirst = false) {
        if (!isFirst) take(",");
        blank();
        String name = text();
        blank();
        take(":");
        object.put(name, value());
      }
      take("}");
      return object;
    }

    List<Object> array() throws IOException {
      List<Object> array = new ArrayList<>();
      take("[");
      for (boolean isFirst = true; blank() != ']'; isFirst = false) {
        if (!isFirst) take(",");
        array.add(value());
      }
      take("]");
      return array;
    }

    String text() throws IOException {
      StringBuilder text = new StringBuilder();
      for (take("\""); c != '"'; ) {
        int next = take();
        if (next < 0) throw new EOFException();
        if (next == '\\') {
          next = take();
          switch (next) {
            case 'n': next = '\n'; break;
            case 't': next = '\t'; break;
            case 'r': next = '\r'; break;
            case 'b': next = '\b'; break;
            case 'f': next = '\f'; break;
            case 'u':
              char[] hex = new char[4];
              for (int i = 0; i < 4; i++) hex[i] = (char) take();
              next = Integer.parseInt(new String(hex), 16);
              break;
            default:
          }
        }
        text.append((char) next);
      }
      take("\"");
      return text.toString();
    }
  }
}
