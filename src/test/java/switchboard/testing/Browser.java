package switchboard.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import org.openqa.selenium.By;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** The machine's own Chromium, as somebody with one screen and one language has it. */
public final class Browser implements AutoCloseable {

  private static final Path SCREENSHOTS = Path.of("target/screenshots");

  private final ChromeDriver driver;

  public Browser(String language) {
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(find("chromedriver"))
            .usingAnyFreePort()
            .build();
    ChromeOptions options = new ChromeOptions();
    // Named, so that Selenium looks for neither on the internet.
    options.setBinary(find("chromium"));
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--lang=" + language);
    options.setExperimentalOption("prefs", Map.of("intl.accept_languages", language));
    LoggingPreferences logging = new LoggingPreferences();
    logging.enable(LogType.BROWSER, Level.ALL);
    options.setCapability("goog:loggingPrefs", logging);
    driver = new ChromeDriver(service, options);
  }

  private static File find(String program) {
    for (String folder : System.getenv("PATH").split(File.pathSeparator)) {
      File file = new File(folder, program);
      if (file.canExecute()) {
        return file;
      }
    }
    throw new IllegalStateException(program + " is not in the path");
  }

  public void open(String url) {
    driver.get(url);
  }

  /** A screen of this size, light or dark. */
  public void screen(int width, int height, boolean isDark) {
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 600));
    String scheme = isDark ? "dark" : "light";
    driver.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
  }

  /** Takes the network away from the page, or gives it back, and tells the page so. */
  public void network(boolean isThere) {
    // With a latency, or it would be the machine's own, which may have none beside its loopback.
    emulate(Map.of("offline", !isThere, "latency", 1, "connectionType", "wifi"));
  }

  /** The machine's own network again. */
  public void ownNetwork() {
    emulate(Map.of("offline", false, "latency", 0));
  }

  private void emulate(Map<String, Object> conditions) {
    Map<String, Object> all = new HashMap<>(conditions);
    all.put("downloadThroughput", -1);
    all.put("uploadThroughput", -1);
    driver.executeCdpCommand("Network.enable", Map.of());
    driver.executeCdpCommand("Network.emulateNetworkConditions", all);
  }

  /** The whole page as a picture under {@code target/screenshots}. */
  public void screenshot(String name) {
    Map<?, ?> size =
        (Map<?, ?>)
            driver.executeCdpCommand("Page.getLayoutMetrics", Map.of()).get("cssContentSize");
    Map<String, Object> clip =
        Map.of(
            "x", 0, "y", 0, "width", size.get("width"), "height", size.get("height"), "scale", 1);
    String png =
        (String)
            driver
                .executeCdpCommand(
                    "Page.captureScreenshot",
                    Map.of("format", "png", "captureBeyondViewport", true, "clip", clip))
                .get("data");
    try {
      Files.createDirectories(SCREENSHOTS);
      Files.write(SCREENSHOTS.resolve(name + ".png"), Base64.getDecoder().decode(png));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  WebElement find(By by) {
    return driver.findElement(by);
  }

  public WebElement css(String selector) {
    return driver.findElement(By.cssSelector(selector));
  }

  public List<WebElement> all(String selector) {
    return driver.findElements(By.cssSelector(selector));
  }

  public String text(String selector) {
    // Also of what is only there for screen readers, which WebDriver's own text leaves out.
    return (String)
        script("return document.querySelector(arguments[0])?.textContent ?? ''", selector);
  }

  /** As a mouse does it, wherever on the page it is. */
  public void click(String selector) {
    script("document.querySelector(arguments[0]).scrollIntoView({block: 'center'})", selector);
    css(selector).click();
  }

  public WebElement focused() {
    return driver.switchTo().activeElement();
  }

  public Object script(String script, Object... arguments) {
    return driver.executeScript(script, arguments);
  }

  /** Runs the body of an async function; its result. */
  public Object async(String body, Object... arguments) {
    return driver.executeAsyncScript(
        "const done = arguments[arguments.length - 1];"
            + "(async (...arguments) => {"
            + body
            + "})(...arguments).then(done, (error) => done(`failed: ${error}`))",
        arguments);
  }

  /** What the console said since it was last asked, of errors and warnings. */
  public List<String> complaints() {
    return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
        .filter(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
        .map(LogEntry::getMessage)
        .toList();
  }

  @Override
  public void close() {
    driver.quit();
  }
}
