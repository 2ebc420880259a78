package switchboard.http;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import switchboard.channel.Ending;

/**
 * Serves {@code switchboard.js} and its modules from the JAR in an application. They are public,
 * like the WAR's: a page of another origin may import them.
 *
 * <p><b>Threads.</b> Safe.
 *
 * @param loader the application's
 */
public record Scripts(ClassLoader loader) {

  public static final String FOLDER = "/js";

  private static final Pattern NAME = Pattern.compile(FOLDER + "/[a-z-]+\\.js");

  /** Whether there is a script at that path. */
  public boolean has(String path) {
    return NAME.matcher(path).matches() && loader.getResource(resource(path)) != null;
  }

  /**
   * Answers a request for a script.
   *
   * @throws Problem for methods other than GET and HEAD
   */
  public void answer(String path, HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    String method = request.getMethod();
    if (!method.equals("GET") && !method.equals("HEAD")) {
      throw new Problem(Ending.METHOD_NOT_ALLOWED, "GET, HEAD are allowed")
          .with("Allow", "GET, HEAD");
    }
    byte[] script = read(path);
    String tag = tag(script);
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Cache-Control", "no-cache");
    response.setHeader("ETag", tag);
    if (tag.equals(request.getHeader("If-None-Match"))) {
      response.setStatus(HttpServletResponse.SC_NOT_MODIFIED);
      return;
    }
    response.setContentType("text/javascript;charset=UTF-8");
    response.setContentLength(script.length);
    if (method.equals("GET")) {
      response.getOutputStream().write(script);
    }
  }

  private byte[] read(String path) throws IOException {
    try (InputStream in = loader.getResourceAsStream(resource(path))) {
      return in.readAllBytes();
    }
  }

  // With the application's class loader: this class may have another one, as in Payara Embedded.
  private static String resource(String path) {
    return "switchboard" + path;
  }

  private static String tag(byte[] script) {
    CRC32C sum = new CRC32C();
    sum.update(ByteBuffer.wrap(script));
    return "\"%08x\"".formatted(sum.getValue());
  }
}
