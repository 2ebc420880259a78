package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import switchboard.channel.Transport;
import switchboard.http.Query;

/** What {@link FuzzIT} found, so that it stays found. */
class FoundByFuzzingTest {

  @ParameterizedTest
  @ValueSource(strings = {";", ",", ";;q=1", "text/html, ;", ", ;,"})
  void anAcceptHeaderWithNothingBeforeTheSemicolonIsAPoll(String accept) {
    Query query = Query.parse("offset=-1");
    Transport transport =
        ReadRequest.transport(query, name -> name.equals("Accept") ? accept : null);
    assertEquals(Transport.POLL, transport);
  }
}
