package switchboard.http;

import java.util.regex.Pattern;

/**
 * Serves {@code switchboard.js} and its modules from the JAR in an application. They are public,
 * like the WAR's: a page of another origin may import them.
 *
 * <p><b>Threads.</b> Safe.
 */
public final class Scripts {

  public static final String FOLDER = "/js";

  private static final Pattern NAME = Pattern.compile(FOLDER + "/[a-z-]+\\.js");

  private final StaticFiles files;

  /**
   * For an application.
   *
   * @param loader the application's: this class may have another one, as in Payara Embedded
   */
  public Scripts(ClassLoader loader) {
    files = new StaticFiles(path -> loader.getResourceAsStream("switchboard" + path));
  }

  /** Whether there is a script at that path. */
  public boolean has(String path) {
    return NAME.matcher(path).matches() && files.has(path);
  }

  /**
   * Answers a request for a script.
   *
   * @throws Problem for methods other than GET and HEAD
   */
  public void answer(String path, Exchange exchange) {
    HttpAnswer answer = files.answer(path, "text/javascript;charset=UTF-8", exchange.request());
    exchange.setHeader("Access-Control-Allow-Origin", "*");
    exchange.answer(answer);
  }
}
