import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class WebhookTest {
  @RegisterExtension static SendEmAll sendemall = new SendEmAll();

  @Test
  void aReceiverThatIsDownGetsDeadLetters() throws Exception {
    var hook = Map.of("url", "http://127.0.0.1:9/hook", "events", List.of("*"), "secret", "whsec_your-signing-secret");
    var id = sendemall.call("down", "POST", "/v1/webhooks", hook).get("id").asText();
    sendemall.call("down", "POST", "/_sandbox/events", Map.of("event", "email.replied"));
    sendemall.call("down", "POST", "/_sandbox/clock/advance", Map.of("by", "36m"));
    var letters = sendemall.call("down", "GET", "/v1/webhooks/" + id + "/failed-events", null);
    assertEquals("email.replied", letters.get(0).get("event").asText());
  }
}
