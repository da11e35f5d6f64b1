import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.openapitools.client.ApiClient;
import org.openapitools.client.api.FailedEventsApi;
import org.openapitools.client.api.WebhooksApi;
import org.openapitools.client.model.CreateWebhookRequest;
import org.openapitools.client.model.FailedEmailReplied;
import org.openapitools.client.model.FailedEvent;
import org.openapitools.client.model.Subscription;

public class Use {
  static final String URL = System.getenv("SANDBOX_URL");
  static final String KEY = System.getenv("API_KEY");

  static void post(String path, String body) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create(URL + path))
        .header("x-user-context", KEY).header("content-type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body)).build();
    HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
  }

  public static void main(String[] args) throws Exception {
    ApiClient client = new ApiClient();
    client.updateBaseUri(URL);
    client.setRequestInterceptor(request -> request.header("x-user-context", KEY));
    CreateWebhookRequest registration = new CreateWebhookRequest()
        .url("http://127.0.0.1:9/").secret("whsec_generated");
    registration.addEventsItem(Subscription.fromValue("*"));
    String id = new WebhooksApi(client).createWebhook(registration, null).getData().getId();
    post("/_sandbox/events", "{\"event\":\"email.replied\",\"data\":{\"reply_sentiment\":\"positive\"}}");
    post("/_sandbox/clock/advance", "{\"until\":\"settled\"}");
    for (FailedEvent event : new FailedEventsApi(client).listFailedEvents(id, null, null).getData()) {
      FailedEmailReplied reply = event.getFailedEmailReplied();
      System.out.println("{\"event\":\"" + reply.getEvent().getValue()
          + "\",\"sentiment\":\"" + reply.getData().getReplySentiment().getValue()
          + "\",\"attempts\":" + reply.getFailure().getAttempts() + "}");
    }
  }
}
