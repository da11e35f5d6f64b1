import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Optional;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A sandbox of SendEmAll for JUnit: {@code @RegisterExtension static SendEmAll sendemall = new SendEmAll();}. */
public class SendEmAll implements BeforeAllCallback, AfterAllCallback {
  private static final ObjectMapper JSON = new ObjectMapper();
  private Process process;
  private String url;

  @Override
  public void beforeAll(ExtensionContext context) throws Exception {
    // SENDEMALL_MOCK is the executable, or the installed command.
    String command = Optional.ofNullable(System.getenv("SENDEMALL_MOCK")).orElse("sendemall-mock");
    process = new ProcessBuilder(command, "serve", "--port", "0", "--clock", "frozen", "--json")
        .redirectError(ProcessBuilder.Redirect.INHERIT).start();
    url = JSON.readTree(process.inputReader().readLine()).get("url").asText();
  }

  @Override
  public void afterAll(ExtensionContext context) {
    process.destroy();
  }

  /** Calls the API as an account of this name: a test's own. */
  public JsonNode call(String account, String method, String path, Object body) throws Exception {
    var request = HttpRequest.newBuilder(URI.create(url + path)).header("x-user-context", account)
        .header("Content-Type", "application/json")
        .method(method, HttpRequest.BodyPublishers.ofString(body == null ? "" : JSON.writeValueAsString(body)))
        .build();
    return JSON.readTree(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body()).get("data");
  }
}
