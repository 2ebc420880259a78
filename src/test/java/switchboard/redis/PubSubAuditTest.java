package switchboard.redis;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import switchboard.log.Offset;

class PubSubAuditTest {

  private final PubSubAudit audit = new PubSubAudit();

  private static Offset at(long number) {
    return new Offset(1, number);
  }

  @Test
  void whatTheCopyHadAtTheLastAuditMustHaveArrivedMeanwhile() {
    assertFalse(audit.isMissing(at(3)), "the first one only notes where it is");
    audit.received(at(4));
    assertFalse(audit.isMissing(at(6)), "5 and 6 may be in flight");
    assertTrue(audit.isMissing(at(6)), "5 and 6 never came");
    audit.received(at(7));
    assertFalse(audit.isMissing(at(7)));
  }

  @Test
  void nothingIsExpectedOfTheTimeBeforeTheSubscription() {
    assertFalse(audit.isMissing(at(3)));
    audit.begin();
    assertFalse(audit.isMissing(at(9)));
    assertFalse(audit.isMissing(at(9)));
  }
}
