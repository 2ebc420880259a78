package switchboard.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

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
}
