import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.StringReader;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.*;
import java.util.concurrent.Executors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/** Hands events to the CRM of the sales department, whose interface is XML. */
public class XmlBridge {
  static final String SIGNATURE = "X-SendEmAll-Signature";

  static class CrmException extends Exception {
    CrmException(String message) {
      super(message);
    }
  }

  static class Account {
    boolean suppressed;
    boolean unsubscribed;
    double opens;
    String sentiment;
    String repliedAt = "";
  }

  /** The CRM: reads orders in XML, and keeps each in a line of its file. */
  static class Crm {
    private final Path file;
    private final Map<String, Integer> orders = new HashMap<>();
    private final Map<String, Integer> kinds = new HashMap<>();
    private final Map<String, Account> accounts = new HashMap<>();
    private boolean down;

    Crm(Path file) throws Exception {
      this.file = file;
      if (!Files.exists(file)) return;
      for (String line : Files.readAllLines(file)) {
        execute(read(new String(Base64.getDecoder().decode(line), StandardCharsets.UTF_8)));
      }
    }

    static Map<String, String> read(String xml) throws CrmException {
      try {
        DocumentBuilder builder = DocumentBuilderFactory.newInstance().newDocumentBuilder();
        builder.setErrorHandler(null);
        Document document = builder.parse(new InputSource(new StringReader(xml)));
        Map<String, String> fields = new LinkedHashMap<>();
        NodeList nodes = document.getDocumentElement().getElementsByTagName("field");
        for (int i = 0; i < nodes.getLength(); i++) {
          Element field = (Element) nodes.item(i);
          fields.put(field.getAttribute("name"), field.getTextContent());
        }
        return fields;
      } catch (SAXException | IOException | ParserConfigurationException error) {
        throw new CrmException("Not well-formed: " + error.getMessage());
      }
    }

    /** Carries out an order once. */
    synchronized void submit(String xml) throws CrmException {
      Map<String, String> order = read(xml);
      if (orders.containsKey(order.get("id"))) return;
      if (down) throw new CrmException("Down for maintenance.");
      try (var output = new FileOutputStream(file.toFile(), true)) {
        String line = Base64.getEncoder().encodeToString(xml.getBytes(StandardCharsets.UTF_8));
        output.write((line + "\n").getBytes(StandardCharsets.US_ASCII));
      } catch (IOException error) {
        throw new CrmException("Cannot write.");
      }
      execute(order);
    }

    private void execute(Map<String, String> order) {
      orders.merge(order.get("id"), 1, Integer::sum);
      kinds.merge(order.get("event"), 1, Integer::sum);
      if (!order.containsKey("lead_email")) return;
      Account account = accounts.computeIfAbsent(order.get("lead_email"), email -> new Account());
      switch (order.get("event")) {
        case "email.bounced" -> account.suppressed |= "hard".equals(order.get("bounce_type"));
        case "email.opened" -> account.opens = Math.max(account.opens, Double.parseDouble(order.getOrDefault("open_count", "0")));
        case "email.unsubscribed" -> {
          account.unsubscribed = true;
          account.suppressed |= "true".equals(order.get("suppressed_globally"));
        }
        case "email.replied" -> {
          if (order.get("utc").compareTo(account.repliedAt) < 0) return;
          account.repliedAt = order.get("utc");
          account.sentiment = order.get("reply_sentiment");
        }
        default -> { }
      }
    }

    synchronized int effects(String id) {
      return orders.getOrDefault(id, 0);
    }

    synchronized void setDown(boolean down) {
      this.down = down;
    }

    synchronized String state(String email) {
      Account account = accounts.get(email);
      if (account == null) return null;
      int sent = kinds.getOrDefault("email.sent", 0);
      double bounced = kinds.getOrDefault("email.bounced", 0);
      return "{\"suppressed\":" + account.suppressed + ",\"unsubscribed\":" + account.unsubscribed
          + ",\"open_count\":" + String.format(Locale.ROOT, "%.0f", account.opens)
          + ",\"sentiment\":" + (account.sentiment == null ? "null" : '"' + account.sentiment + '"')
          + ",\"rates\":{\"bounce_rate\":" + (sent == 0 ? "null" : Math.min(1, bounced / sent)) + "}}";
    }
  }

  /** Text of an element. What is no text in any database (NUL, half a surrogate pair) is left out. */
  static String escape(String text) {
    return text.replaceAll("[\\x{0}\\x{D800}-\\x{DFFF}\\x{FFFE}\\x{FFFF}]", "")
        .replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;").replace("\r", "&#13;");
  }

  static void field(StringBuilder xml, String name, Object value) {
    if (value == null || value instanceof Map || value instanceof List) return;
    xml.append("<field name=\"").append(escape(name).replace("\n", " ")).append("\">").append(escape(value.toString())).append("</field>");
  }

  /** The order for an event; null when the body has none. */
  static String toXml(Map<?, ?> event) {
    if (!(event.get("id") instanceof String id) || !(event.get("event") instanceof String type)) return null;
    if (!(event.get("timestamp") instanceof String timestamp) || !(event.get("data") instanceof Map<?, ?> data)) return null;
    long millis;
    try {
      millis = OffsetDateTime.parse(timestamp).toInstant().toEpochMilli();
    } catch (DateTimeParseException error) {
      return null;
    }
    StringBuilder xml = new StringBuilder("<?xml version=\"1.0\"?><order>");
    for (String name : List.of("lead_email", "lead_name", "lead_company", "campaign_id", "campaign_name", "bounce_type",
        "bounce_message", "open_count", "suppressed_globally", "reply_sentiment", "reply_preview", "user_agent")) {
      field(xml, name, data.get(name));
    }
    field(xml, "id", id);
    field(xml, "event", type);
    field(xml, "utc", String.format(Locale.ROOT, "%020d", millis));
    return xml.append("</order>").toString();
  }

  static boolean authentic(byte[] body, String signature) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(System.getenv("SENDEMALL_SECRET").getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      String expected = "sha256=" + HexFormat.of().formatHex(mac.doFinal(body));
      return signature != null
          && MessageDigest.isEqual(expected.getBytes(StandardCharsets.UTF_8), signature.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException error) {
      throw new IllegalStateException(error);
    }
  }

  static int receive(Crm crm, HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    if (!exchange.getRequestURI().getPath().equals("/webhooks/sendemall")) return 404;
    if (!exchange.getRequestMethod().equals("POST")) return 405;
    if (!authentic(body, exchange.getRequestHeaders().getFirst(SIGNATURE))) return 401;
    Map<?, ?> event;
    try {
      event = (Map<?, ?>) new Json(new String(body, StandardCharsets.UTF_8)).read();
    } catch (RuntimeException | StackOverflowError error) {
      return 400;
    }
    String xml = event == null ? null : toXml(event);
    if (xml == null) return 400;
    String type = (String) event.get("event");
    if (!type.startsWith("email.") && !type.startsWith("campaign.")) return 200;
    try {
      crm.submit(xml);
      return 200;
    } catch (CrmException error) {
      return 503;
    }
  }

  static void answer(HttpExchange exchange, int status, String content) throws IOException {
    byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, exchange.getRequestMethod().equals("HEAD") ? -1 : bytes.length);
    if (!exchange.getRequestMethod().equals("HEAD")) exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  static void hooks(Crm crm, HttpExchange exchange) throws IOException {
    String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    String path = exchange.getRequestURI().getRawPath().substring(1);
    int slash = path.indexOf('/');
    String key = slash < 0 ? "" : URLDecoder.decode(path.substring(slash + 1).replace("+", "%2B"), StandardCharsets.UTF_8);
    if (path.startsWith("effects/")) {
      answer(exchange, 200, "{\"count\":" + crm.effects(key) + "}");
    } else if (path.startsWith("leads/")) {
      String state = crm.state(key);
      answer(exchange, state == null ? 404 : 200, String.valueOf(state));
    } else {
      crm.setDown(body.contains("true"));
      answer(exchange, 200, "{}");
    }
  }

  static void listen(String port, HttpHandler handler) throws IOException {
    var server = HttpServer.create(new InetSocketAddress("127.0.0.1", Integer.parseInt(System.getenv(port))), 200);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext("/", handler);
    server.start();
  }

  public static void main(String[] arguments) throws Exception {
    Crm crm = new Crm(Path.of(System.getenv("DATABASE")));
    listen("HOOKS_PORT", exchange -> hooks(crm, exchange));
    listen("PORT", exchange -> {
      int status = receive(crm, exchange);
      answer(exchange, status, "{\"status\":" + status + "}");
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
