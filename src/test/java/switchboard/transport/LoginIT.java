package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jboss.arquillian.container.test.api.Deployment;
import org.jboss.arquillian.junit5.ArquillianExtension;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import switchboard.testing.Http;

/** The server asks for a name and a password with every request (RFC 7617). */
@ExtendWith(ArquillianExtension.class)
class LoginIT extends LoginContract {

  @Deployment(testable = false)
  public static WebArchive war() {
    return war("<auth-method>BASIC</auth-method><realm-name>file</realm-name>");
  }

  @Override
  User login(String name, String password) {
    byte[] pair = (name + ":" + password).getBytes(StandardCharsets.UTF_8);
    String value = "Basic " + Base64.getEncoder().encodeToString(pair);
    return new User(
        Http.newClient(),
        request -> request.header("Authorization", value),
        new String[] {"Authorization", value});
  }

  @Test
  void whomTheServerDoesNotKnowComesNoFurther() throws Exception {
    assertEquals(401, http.get("channels/news?offset=-1").status());
    assertEquals(
        401, login("alice", "guessed").send(http.request("channels/news?offset=-1")).statusCode());
  }
}
