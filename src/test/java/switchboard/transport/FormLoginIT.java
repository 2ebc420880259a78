package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.CookieManager;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.asset.StringAsset;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The server shows a form, and knows a browser again by its cookie. */
@ExtendWith(ArquillianExtension.class)
class FormLoginIT extends LoginContract {

  @Deployment(testable = false)
  public static WebArchive war() {
    return war("""
            <auth-method>FORM</auth-method>
            <realm-name>file</realm-name>
            <form-login-config>
              <form-login-page>/login.html</form-login-page>
              <form-error-page>/wrong.html</form-error-page>
            </form-login-config>
            """)
        .addAsWebResource(new StringAsset("please log in"), "login.html")
        .addAsWebResource(new StringAsset("wrong password"), "wrong.html");
  }

  @Override
  User login(String name, String password) throws Exception {
    CookieManager cookies = new CookieManager();
    HttpClient client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.ALWAYS)
            .cookieHandler(cookies)
            .build();
    HttpResponse<String> shown =
        client.send(http.request("channels/news?offset=-1").build(), BodyHandlers.ofString());
    assertEquals("please log in", shown.body());
    client.send(
        http.request("j_security_check")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(BodyPublishers.ofString("j_username=" + name + "&j_password=" + password))
            .build(),
        BodyHandlers.ofString());
    String cookie =
        cookies.getCookieStore().getCookies().stream()
            .map(c -> c.getName() + "=" + c.getValue())
            .reduce((a, b) -> a + "; " + b)
            .orElse("");
    return new User(client, request -> request, new String[] {"Cookie", cookie});
  }

  @Test
  void whomTheServerDoesNotKnowIsShownTheFormAgain() throws Exception {
    assertEquals(
        "please log in",
        login("alice", "guessed").send(http.request("channels/news?offset=-1")).body());
  }
}
