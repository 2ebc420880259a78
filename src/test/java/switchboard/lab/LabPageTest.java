package switchboard.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.RegisterExtension;
import switchboard.channel.Transport;
import switchboard.testing.Browser;
import switchboard.testing.Programs;
import switchboard.testing.ServerTest;

/** The Transport lab in a real browser; what a control does is looked up on the server. */
@Tag("browser")
abstract class LabPageTest extends ServerTest {

  protected static Browser browser;

  /** One for all classes: JUnit closes it after the last. */
  @RegisterExtension
  static final BeforeAllCallback BROWSER =
      context -> {
        Programs.require("chromium", "chromedriver");
        browser =
            context
                .getRoot()
                .getStore(Namespace.GLOBAL)
                .getOrComputeIfAbsent("browser", key -> new Browser("en"), Browser.class);
      };

  protected LabPage page;

  @BeforeEach
  void openThePage() {
    page = new LabPage(browser, http);
    page.source(5, 128);
    browser.screen(1360, 1000, false);
    openPage();
  }

  protected void openPage() {
    page.open();
    // The lane's, and two by which the page hears the readings and what it is told.
    await("the page listens", () -> open(Transport.WEBSOCKET) == 3);
  }

  @AfterEach
  void thePageSaidNothingBadAndIsLeft() {
    List<String> complaints = browser.complaints();
    browser.open("about:blank");
    assertEquals(List.of(), complaints, "the browser's console");
  }

  /** Waits for readings that are younger than now. */
  protected void nextReadings() {
    for (int i = 0; i < 2; i++) {
      String time = newestReadings().getString("time");
      await("new readings", () -> !newestReadings().getString("time").equals(time));
    }
  }

  protected int requests(String transport) {
    return newestReadings().getJsonObject("requests").getInt(transport);
  }
}
