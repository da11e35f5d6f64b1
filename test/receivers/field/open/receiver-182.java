import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.*;
import java.net.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.*;
import java.time.*;
import java.util.*;
import java.util.concurrent.*;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Keeps the CRM in step with SendEmAll: contacts in memory, a journal of base64 lines on disk. */
public class SendEmAllBridge {

  record Event(String id, String type, Instant at, Map<?, ?> data) {
    String email() {
      return data.get("lead_email") instanceof String text ? text : null;
    }
  }

  static final class Contact {
    boolean suppressed, unsubscribed;
    double opens;
    String sentiment;
    Instant repliedAt = Instant.MIN;
  }

  static final class Crm {
    private final Map<String, Contact> contacts = new HashMap<>();
    private final Map<String, Integer> events = new HashMap<>();
    private final Map<String, Integer> types = new HashMap<>();
    private final OutputStream journal;
    private boolean down;

    Crm(Path path) throws IOException {
      if (Files.exists(path)) {
        try (BufferedReader lines = Files.newBufferedReader(path)) {
          for (String line; (line = lines.readLine()) != null; ) {
            apply(parse(Base64.getDecoder().decode(line)));
          }
        }
      }
      journal = new FileOutputStream(path.toFile(), true);
    }

    synchronized void accept(Event event, byte[] body) throws IOException {
      if (events.containsKey(event.id())) return;
      if (down) throw new IOException("The CRM is down.");
      journal.write((Base64.getEncoder().encodeToString(body) + "\n").getBytes(StandardCharsets.US_ASCII));
      apply(event);
    }

    private void apply(Event event) {
      events.merge(event.id(), 1, Integer::sum);
      types.merge(event.type(), 1, Integer::sum);
      String email = event.email();
      if (email == null) return;
      Map<?, ?> data = event.data();
      switch (event.type()) {
        case "email.sent", "email.delivered", "email.clicked" -> contact(email);
        case "email.opened" -> {
          Contact contact = contact(email);
          if (data.get("open_count") instanceof Double count) contact.opens = Math.max(contact.opens, Math.min(count, 1e15));
        }
        case "email.replied" -> {
          Contact contact = contact(email);
          if (event.at().isBefore(contact.repliedAt)) return;
          contact.repliedAt = event.at();
          contact.sentiment = data.get("reply_sentiment") instanceof String text ? text : null;
        }
        case "email.bounced" -> contacts.computeIfPresent(email, (key, contact) -> {
          contact.suppressed |= "hard".equals(data.get("bounce_type"));
          return contact;
        });
        case "email.unsubscribed" -> contacts.computeIfPresent(email, (key, contact) -> {
          contact.unsubscribed = true;
          contact.suppressed |= Boolean.TRUE.equals(data.get("suppressed_globally"));
          return contact;
        });
        default -> { }
      }
    }

    private Contact contact(String email) {
      return contacts.computeIfAbsent(email, key -> new Contact());
    }

    synchronized int effects(String id) {
      return events.getOrDefault(id, 0);
    }

    synchronized String describe(String email) {
      Contact c = contacts.get(email);
      if (c == null) return null;
      double sent = types.getOrDefault("email.sent", 0), bounced = types.getOrDefault("email.bounced", 0);
      String rate = sent == 0 ? "null" : String.valueOf(Math.min(1, bounced / sent));
      String mood = c.sentiment == null ? "null" : '"' + c.sentiment.replaceAll("[^\\w ]", "?") + '"';
      return "{\"suppressed\":" + c.suppressed + ",\"unsubscribed\":" + c.unsubscribed + ",\"open_count\":" + c.opens
          + ",\"sentiment\":" + mood + ",\"rates\":{\"bounce_rate\":" + rate + "}}";
    }

    synchronized void setDown(boolean down) {
      this.down = down;
    }
  }

  static Event parse(byte[] body) {
    Object json = new Reader(new String(body, StandardCharsets.UTF_8)).document();
    if (json instanceof Map<?, ?> all
        && all.get("id") instanceof String id
        && all.get("event") instanceof String type
        && all.get("timestamp") instanceof String stamp
        && all.get("data") instanceof Map<?, ?> data) {
      return new Event(id, type, OffsetDateTime.parse(stamp).toInstant(), data);
    }
    throw new IllegalArgumentException("not an event");
  }

  static boolean isSigned(byte[] body, String signature) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(System.getenv("SENDEMALL_SECRET").getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
    String expected = "sha256=" + HexFormat.of().formatHex(mac.doFinal(body));
    return signature != null && MessageDigest.isEqual(expected.getBytes(), signature.getBytes());
  }

  static int webhook(Crm crm, HttpExchange exchange) throws Exception {
    byte[] body = exchange.getRequestBody().readAllBytes();
    if (!exchange.getRequestURI().getPath().equals("/webhooks/sendemall")) return 404;
    if (!exchange.getRequestMethod().equals("POST")) return 405;
    if (!isSigned(body, exchange.getRequestHeaders().getFirst("X-SendEmAll-Signature"))) return 401;
    Event event;
    try {
      event = parse(body);
    } catch (RuntimeException | StackOverflowError error) {
      return 400;
    }
    try {
      crm.accept(event, body);
      return 204;
    } catch (IOException error) {
      return 503;
    }
  }

  static void hooks(Crm crm, HttpExchange exchange) throws IOException {
    String order = new String(exchange.getRequestBody().readAllBytes());
    String[] path = exchange.getRequestURI().getRawPath().split("/", 3);
    String key = path.length < 3 ? "" : URLDecoder.decode(path[2].replace("+", "%2B"), StandardCharsets.UTF_8);
    String answer = "{}";
    if (path[1].equals("effects")) answer = "{\"count\":" + crm.effects(key) + "}";
    if (path[1].equals("leads")) answer = crm.describe(key);
    if (path[1].equals("fault")) crm.setDown(order.contains("true"));
    byte[] bytes = String.valueOf(answer).getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(answer == null ? 404 : 200, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  static HttpServer server(String port) throws IOException {
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(System.getenv(port)));
    HttpServer server = HttpServer.create(address, 256);
    server.setExecutor(Executors.newCachedThreadPool());
    return server;
  }

  public static void main(String[] args) throws IOException {
    System.setProperty("sun.net.httpserver.nodelay", "true");
    Crm crm = new Crm(Path.of(System.getenv("DATABASE")));
    HttpServer hooks = server("HOOKS_PORT"), webhook = server("PORT");
    hooks.createContext("/", exchange -> hooks(crm, exchange));
    webhook.createContext("/", exchange -> {
      int status = 500;
      try {
        status = webhook(crm, exchange);
      } catch (IOException broken) {
        exchange.close();
        return;
      } catch (Exception error) {
        error.printStackTrace();
      }
      exchange.sendResponseHeaders(status, -1);
      exchange.close();
    });
    hooks.start();
    webhook.start();
    while (System.in.read() != -1) continue;
    System.exit(0);
  }

  /** A recursive descent parser for JSON. */
  static final class Reader {
    private final String s;
    private int i;

    Reader(String s) {
      this.s = s;
    }

    Object document() {
      Object value = value();
      if (next() != '\0') throw error();
      return value;
    }

    private RuntimeException error() {
      return new IllegalArgumentException("Invalid JSON at " + i);
    }

    /** The next character that is not white space, without taking it; NUL at the end. */
    private char next() {
      while (i < s.length() && " \t\r\n".indexOf(s.charAt(i)) >= 0) i++;
      return i < s.length() ? s.charAt(i) : '\0';
    }

    private void take(String word) {
      if (!s.startsWith(word, i)) throw error();
      i += word.length();
    }

    private Object value() {
      switch (next()) {
        case '{': {
          Map<String, Object> map = new HashMap<>();
          take("{");
          if (next() != '}') {
            while (true) {
              next();
              String name = string();
              next();
              take(":");
              map.put(name, value());
              if (next() == '}') break;
              take(",");
            }
          }
          take("}");
          return map;
        }
        case '[': {
          List<Object> list = new ArrayList<>();
          take("[");
          if (next() != ']') {
            while (true) {
              list.add(value());
              if (next() == ']') break;
              take(",");
            }
          }
          take("]");
          return list;
        }
        case '"': return string();
        case 't': take("true"); return true;
        case 'f': take("false"); return false;
        case 'n': take("null"); return null;
        default: {
          int from = i;
          while (i < s.length() && "+-.0123456789eE".indexOf(s.charAt(i)) >= 0) i++;
          return Double.valueOf(s.substring(from, i));
        }
      }
    }

    private String string() {
      take("\"");
      StringBuilder text = new StringBuilder();
      while (true) {
        if (i >= s.length()) throw error();
        char c = s.charAt(i++);
        if (c == '"') return text.toString();
        if (c != '\\') {
          text.append(c);
          continue;
        }
        c = s.charAt(i++);
        switch (c) {
          case 'b' -> text.append('\b');
          case 'f' -> text.append('\f');
          case 'n' -> text.append('\n');
          case 'r' -> text.append('\r');
          case 't' -> text.append('\t');
          case 'u' -> {
            text.append((char) Integer.parseInt(s, i, i + 4, 16));
            i += 4;
          }
          default -> text.append(c);
        }
      }
    }
  }
}
