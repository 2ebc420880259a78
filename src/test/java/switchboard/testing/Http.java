package switchboard.testing;

import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.stream.IntStream;

/** Requests as a back end and a simple client make them. */
public final class Http {

  public static final HttpClient CLIENT = newClient();

  private final URI root;

  public Http(URI root) {
    this.root = root;
  }

  /** HTTP/1.1: on Payara the client's upgrade to h2c ends with noise in the log. */
  public static HttpClient newClient() {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .sslContext(Certificates.trusting())
        .build();
  }

  /** What came back. */
  public record Answer(HttpResponse<String> response) {

    public int status() {
      return response.statusCode();
    }

    public String body() {
      return response.body();
    }

    public String header(String name) {
      return response.headers().firstValue(name).orElse(null);
    }

    public String next() {
      return header("Stream-Next-Offset");
    }

    public JsonArray messages() {
      try (var reader = Json.createReader(new StringReader(body()))) {
        return reader.readArray();
      }
    }

    public JsonObject problem() {
      try (var reader = Json.createReader(new StringReader(body()))) {
        return reader.readObject();
      }
    }
  }

  public URI root() {
    return root;
  }

  public URI uri(String relative) {
    return root.resolve(relative);
  }

  public URI channel(String name, String query) {
    return root.resolve("channels/" + name + query);
  }

  public HttpRequest.Builder request(String relative) {
    return HttpRequest.newBuilder(uri(relative)).timeout(Duration.ofSeconds(30));
  }

  public Answer send(HttpRequest.Builder request) {
    try {
      return new Answer(CLIENT.send(request.build(), BodyHandlers.ofString()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  public Answer get(String relative) {
    return send(request(relative));
  }

  public HttpResponse<String> put(String channel, String type) {
    return send(request("channels/" + channel)
            .header("Content-Type", type)
            .PUT(BodyPublishers.noBody()))
        .response();
  }

  /** Creates a channel of JSON that no other test uses, and returns its name. */
  public String newChannel(String prefix) {
    String name = prefix + System.nanoTime();
    int status = put(name, "application/json").statusCode();
    if (status != 201) {
      throw new AssertionError(name + ": " + status);
    }
    return name;
  }

  public Answer append(String channel, String json) {
    return append(channel, json, "application/json");
  }

  public Answer append(String channel, String body, String type) {
    return send(
        request("channels/" + channel)
            .header("Content-Type", type)
            .POST(BodyPublishers.ofString(body)));
  }

  /** Appends the numbers from {@code first} to {@code last}, a hundred a request. */
  public String appendNumbers(String channel, int first, int last) {
    String next = null;
    for (int from = first; from <= last; from += 100) {
      int[] page = IntStream.rangeClosed(from, Math.min(from + 99, last)).toArray();
      next = append(channel, java.util.Arrays.toString(page)).next();
    }
    return next;
  }

  public Answer delete(String channel) {
    return send(request("channels/" + channel).DELETE());
  }

  /** Has the server fail unexpectedly when it reads the channel: {@code FaultServlet}. */
  public Answer breakLog(String channel) {
    return send(request("fault?channel=" + channel).POST(BodyPublishers.noBody()));
  }
}
