package com.example.webhooks;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.json.JsonParser;
import org.springframework.boot.json.JsonParserFactory;

/**
 * An inbox for SendEmAll's webhooks: verifies the signature over the raw bytes, keeps each event once in a journal, and
 * hands it to your code after the response. What is waiting survives a restart; what fails is tried again, later each
 * time. One process owns the journal: with several instances, keep the events in your database.
 */
public final class WebhookInbox implements Closeable {
  /** Larger bodies are refused with 413. */
  public static final int MAX_BYTES = 1_000_000;

  private static final long MAX_DELAY_SECONDS = 3600;
  private static final Logger LOG = LoggerFactory.getLogger(WebhookInbox.class);
  private static final JsonParser JSON = JsonParserFactory.getJsonParser();

  private final SecretKeySpec key;
  private final Consumer<Map<String, Object>> handleEvent;
  private final FileChannel journal;
  private final Map<String, Integer> effects = new HashMap<>();
  private final ScheduledExecutorService worker = Executors.newSingleThreadScheduledExecutor();

  /**
   * @param handleEvent your work, run once for each event; let it throw when it fails
   */
  public WebhookInbox(String secret, Path file, Consumer<Map<String, Object>> handleEvent)
      throws IOException {
    if (secret.isEmpty()) {
      throw new IllegalStateException("SENDEMALL_SECRET is empty. Set it in the environment.");
    }
    this.key = new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256");
    this.handleEvent = handleEvent;
    Map<String, byte[]> waiting = read(file);
    this.journal =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
    // So that the next line does not continue one that a crash has cut.
    append("");
    waiting.forEach((id, body) -> schedule(id, parse(body), 0, 0));
  }

  /**
   * Takes one request. 200 says that the event is safe; anything but 2xx makes the provider send it again.
   *
   * @param body the raw bytes
   * @param signature the header X-SendEmAll-Signature
   * @return the status to respond with
   */
  public int accept(byte[] body, String signature) throws IOException {
    if (body.length > MAX_BYTES) {
      return 413;
    }
    if (!isSigned(body, signature)) {
      return 401;
    }
    Map<String, Object> event = parse(body);
    if (event == null) {
      return 400;
    }
    String id = (String) event.get("id");
    synchronized (this) {
      if (effects.containsKey(id)) {
        return 200;
      }
      append("event " + encode(id.getBytes(StandardCharsets.UTF_8)) + " " + encode(body));
      effects.put(id, 0);
    }
    schedule(id, event, 0, 0);
    return 200;
  }

  /** For tests: how often this event's work was done. */
  public synchronized int effects(String id) {
    return effects.getOrDefault(id, 0);
  }

  @Override
  public void close() throws IOException {
    worker.shutdownNow();
    journal.close();
  }

  private boolean isSigned(byte[] body, String signature) {
    byte[] expected = ("sha256=" + HexFormat.of().formatHex(hmac(body))).getBytes(StandardCharsets.UTF_8);
    // In constant time.
    return MessageDigest.isEqual(expected, signature.getBytes(StandardCharsets.UTF_8));
  }

  private byte[] hmac(byte[] body) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(key);
      return mac.doFinal(body);
    } catch (GeneralSecurityException error) {
      throw new IllegalStateException(error);
    }
  }

  /** An event, or null: what is signed but no event can never be processed. */
  private static Map<String, Object> parse(byte[] body) {
    String text = new String(body, StandardCharsets.UTF_8);
    try {
      Map<String, Object> event = JSON.parseMap(text.startsWith("\uFEFF") ? text.substring(1) : text);
      boolean isEvent = event.get("event") instanceof String && event.get("id") instanceof String;
      return isEvent ? event : null;
    } catch (RuntimeException error) {
      return null;
    }
  }

  private void schedule(String id, Map<String, Object> event, int tries, long delaySeconds) {
    worker.schedule(() -> process(id, event, tries), delaySeconds, TimeUnit.SECONDS);
  }

  private void process(String id, Map<String, Object> event, int tries) {
    try {
      handleEvent.accept(event);
      synchronized (this) {
        append("done " + encode(id.getBytes(StandardCharsets.UTF_8)));
        effects.merge(id, 1, Integer::sum);
      }
    } catch (Exception error) {
      LOG.warn("{} failed, and will be tried again", id, error);
      schedule(id, event, tries + 1, Math.min(1L << Math.min(tries, 12), MAX_DELAY_SECONDS));
    }
  }

  /** Appends a line, which is on the disk when this returns. */
  private void append(String line) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.US_ASCII));
    while (bytes.hasRemaining()) {
      journal.write(bytes);
    }
    journal.force(false);
  }

  /** Reads the journal of earlier runs. @return what is still to be done, in the order of arrival */
  private Map<String, byte[]> read(Path file) throws IOException {
    Map<String, byte[]> waiting = new LinkedHashMap<>();
    if (!Files.exists(file)) {
      return waiting;
    }
    try (Stream<String> lines = Files.lines(file, StandardCharsets.US_ASCII)) {
      lines.map(line -> line.split(" ")).forEach(parts -> restore(parts, waiting));
    }
    return waiting;
  }

  private void restore(String[] parts, Map<String, byte[]> waiting) {
    try {
      if (parts[0].equals("event") && parts.length == 3) {
        String id = new String(decode(parts[1]), StandardCharsets.UTF_8);
        byte[] body = decode(parts[2]);
        if (parse(body) != null) {
          effects.put(id, 0);
          waiting.put(id, body);
        }
      } else if (parts[0].equals("done") && parts.length == 2) {
        String id = new String(decode(parts[1]), StandardCharsets.UTF_8);
        effects.merge(id, 1, Integer::sum);
        waiting.remove(id);
      }
    } catch (IllegalArgumentException cut) {
      // A crash may have cut the last line: its event was not accepted.
      LOG.info("skipped a line that a crash has cut");
    }
  }

  private static String encode(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static byte[] decode(String text) {
    return Base64.getDecoder().decode(text);
  }
}
