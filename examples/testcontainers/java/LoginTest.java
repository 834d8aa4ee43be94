// A login against oidc-provider-mock in a container. Needs org.testcontainers:testcontainers-junit-jupiter (2.x) and
// JUnit 5 or newer, Java 17 or newer, and users.yaml of the folder above among the test resources.

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;
import org.testcontainers.utility.DockerImageName;
import org.testcontainers.utility.MountableFile;

@Testcontainers
class LoginTest {
  // The place where you publish the image.
  private static final String IMAGE = "ghcr.io/oidc-provider-mock/oidc-provider-mock:0.1.0";
  private static final String REDIRECT_URI = "http://localhost:8000/callback";

  @Container
  static final GenericContainer<?> OP =
      new GenericContainer<>(DockerImageName.parse(IMAGE))
          .withExposedPorts(9400)
          .withCopyFileToContainer(MountableFile.forClasspathResource("users.yaml", 0644), "/config/users.yaml")
          .waitingFor(Wait.forHttp("/healthz").forPort(9400).forStatusCode(200));

  private final HttpClient http = HttpClient.newHttpClient();

  @Test
  void aliceLogsIn() throws Exception {
    var request = HttpRequest.newBuilder(URI.create(issuer() + "/userinfo"));
    request.header("Authorization", "Bearer " + logIn("alice"));
    var answer = http.send(request.build(), BodyHandlers.ofString());
    assertEquals(200, answer.statusCode());
    assertTrue(answer.body().contains("alice@example.com"), answer.body());
  }

  /** The port is chosen at start. With no `issuer` configured, the issuer follows the host of each request. */
  private static String issuer() {
    return "http://" + OP.getHost() + ":" + OP.getMappedPort(9400);
  }

  /** Submits the login form, redeems the code, and returns the access token. */
  private String logIn(String sub) throws Exception {
    var query = form(Map.of(
        "client_id", "app",
        "redirect_uri", REDIRECT_URI,
        "response_type", "code",
        "scope", "openid profile email"));
    var answer = post("/oauth2/authorize?" + query, Map.of("sub", sub));
    var code = find("[?&]code=([^&]+)", answer.headers().firstValue("location").orElseThrow());
    var tokens = post("/oauth2/token", Map.of(
        "grant_type", "authorization_code",
        "client_id", "app",
        "code", code,
        "redirect_uri", REDIRECT_URI));
    return find("\"access_token\":\\s*\"([^\"]+)\"", tokens.body());
  }

  private HttpResponse<String> post(String path, Map<String, String> parameters) throws Exception {
    var request = HttpRequest.newBuilder(URI.create(issuer() + path))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .POST(BodyPublishers.ofString(form(parameters)));
    return http.send(request.build(), BodyHandlers.ofString());
  }

  private static String form(Map<String, String> parameters) {
    return parameters.entrySet().stream()
        .map(each -> each.getKey() + "=" + URLEncoder.encode(each.getValue(), StandardCharsets.UTF_8))
        .collect(Collectors.joining("&"));
  }

  private static String find(String pattern, String text) {
    var matcher = Pattern.compile(pattern).matcher(text);
    assertTrue(matcher.find(), text);
    return matcher.group(1);
  }
}
