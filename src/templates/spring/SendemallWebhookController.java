package com.example.webhooks;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/** Receives SendEmAll's webhooks. Settings: SENDEMALL_SECRET; WEBHOOK_JOURNAL (webhooks.journal). */
@RestController
public class SendemallWebhookController implements DisposableBean {
  private static final Logger LOG = LoggerFactory.getLogger(SendemallWebhookController.class);

  private final WebhookInbox inbox;
  private final boolean hasTestHooks;

  public SendemallWebhookController(
      @Value("${SENDEMALL_SECRET}") String secret,
      @Value("${WEBHOOK_JOURNAL:webhooks.journal}") Path journal,
      @Value("${SENDEMALL_TEST_HOOKS:0}") String testHooks)
      throws IOException {
    this.inbox = new WebhookInbox(secret, journal, this::handleEvent);
    this.hasTestHooks = "1".equals(testHooks);
  }

  /** Your work; let it throw when it fails. */
  private void handleEvent(Map<String, Object> event) {
    Object lead = event.get("data") instanceof Map<?, ?> data ? data.get("lead_email") : "";
    LOG.info("{} {}", event.get("event"), lead);
  }

  // The raw bytes, from the stream: a parsed body cannot be verified.
  @PostMapping("/webhooks/sendemall")
  public ResponseEntity<Void> receive(
      InputStream body,
      @RequestHeader(name = "X-SendEmAll-Signature", defaultValue = "") String signature)
      throws IOException {
    byte[] bytes = body.readNBytes(WebhookInbox.MAX_BYTES + 1);
    return ResponseEntity.status(inbox.accept(bytes, signature)).build();
  }

  /** For tests, never in production: how often an event's work was done. */
  @GetMapping("/test/effects/{id}")
  public Map<String, Integer> effects(@PathVariable("id") String id) {
    if (!hasTestHooks) {
      throw new ResponseStatusException(HttpStatus.NOT_FOUND);
    }
    return Map.of("count", inbox.effects(id));
  }

  @Override
  public void destroy() throws IOException {
    inbox.close();
  }
}
