package switchboard.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;

/** Reads one event stream; does not come again. */
public final class EventStreamReader extends Reader {

  private volatile InputStream body;
  private volatile boolean left;

  public EventStreamReader(URI channel, String offset) {
    super(channel, offset);
    start(this::read);
  }

  private void read() {
    HttpRequest request =
        HttpRequest.newBuilder(uri("")).header("Accept", "text/event-stream").build();
    try {
      HttpResponse<InputStream> response = Http.CLIENT.send(request, BodyHandlers.ofInputStream());
      body = response.body();
      if (left) {
        body.close();
      } else if (response.statusCode() == 200) {
        readEvents();
      } else {
        hearRefusal(response.statusCode(), new String(body.readAllBytes(), StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      if (!left) {
        hearEnd("failed: " + e);
      }
    } catch (InterruptedException e) {
      hearEnd("interrupted");
    }
  }

  private void readEvents() throws IOException {
    BufferedReader lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8));
    EventStreamParser parser = new EventStreamParser(offset(), this::dispatch, millis -> {});
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      parser.line(line);
    }
    if (!left) {
      hearEnd("ended");
    }
  }

  private void dispatch(String event, String data, String id) {
    switch (event) {
      case "data" -> hear(array(data), id);
      case "reset" -> hearGap(object(data).getJsonObject("reset"), id);
      case "control" -> {
        moveTo(id);
        if (object(data).getBoolean("streamClosed", false)) {
          hearEnd("closed");
        }
      }
      default -> throw new IllegalStateException("unknown event " + event);
    }
  }

  @Override
  public void close() {
    vanish(); // an event stream has no good-bye
  }

  @Override
  public void vanish() {
    left = true;
    try {
      if (body != null) {
        body.close();
      }
    } catch (IOException e) {
      // gone is gone
    }
  }
}
