package switchboard.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QueryTest {

  @Test
  void aParameterIsDecoded() {
    Query query = Query.parse("offset=a%2Fb+c&live&x=%C3%BC=1");
    assertEquals("a/b c", query.get("offset"));
    assertEquals("", query.get("live"));
    assertEquals("ü=1", query.get("x"));
    assertNull(query.get("nothing"));
    assertNull(Query.parse(null).get("offset"));
  }

  @Test
  void aParameterGivenTwiceIsRefused() {
    Problem refusal = assertThrows(Problem.class, () -> Query.parse("a=1&a=2").get("a"));
    assertTrue(refusal.getMessage().contains("[1, 2]"), refusal.getMessage());
  }

  @Test
  void whatIsNotPercentEncodedIsRefusedAndQuoted() {
    Problem refusal = assertThrows(Problem.class, () -> Query.parse("offset=%zz"));
    assertTrue(refusal.getMessage().contains("%zz"), refusal.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "lastEventId",
        "lastEventID",
        "Last-Event-ID",
        "last-event-id",
        "LAST-EVENT-ID",
        "last_event_id",
        "evs_last_event_id"
      })
  void theLastEventIdHasManyNames(String name) {
    assertEquals("x", Query.parse("offset=-1&" + name + "=x").lastEventId());
  }

  @Test
  void theLastEventIdIsGivenOnce() {
    assertNull(Query.parse("offset=-1&lastEvent=x&xlastEventId=x&lastEventIds=x").lastEventId());
    for (String query : List.of("lastEventId=x&lastEventId=x", "lastEventId=x&Last-Event-ID=x")) {
      Problem problem = assertThrows(Problem.class, () -> Query.parse(query).lastEventId());
      assertTrue(problem.getMessage().contains("lastEventId"), problem.getMessage());
    }
  }
}
