package switchboard.file;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What was answered is there after any failure of the power, over a disk that forgets. */
class CrashSimulationTest {

  private static final int SEEDS = Integer.getInteger("switchboard.simulation.seeds", 200);
  private static final long FIRST = Long.getLong("switchboard.simulation.first", 0);
  private static final Logger LOG = Logger.getLogger("switchboard.file");

  @BeforeEach
  void failuresAreExpected() {
    LOG.setLevel(Level.OFF);
  }

  @AfterEach
  void again() {
    LOG.setLevel(null);
  }

  @Test
  void whatWasAnsweredIsThereAfterAnyFailureOfThePower() {
    for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
      CrashSimulation simulation = new CrashSimulation(seed, CrashSimulation.Mutant.NONE);
      try {
        simulation.run();
      } catch (RuntimeException | Error e) {
        String trace = simulation.trace();
        fail(
            "seed " + seed + ": " + e + "\n" + trace.substring(Math.max(0, trace.length() - 4_000)),
            e);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
  void aBugOfEachKindIsFound(CrashSimulation.Mutant mutant) {
    boolean isFound = false;
    for (long seed = 0; seed < 200 && !isFound; seed++) {
      try {
        new CrashSimulation(seed, mutant).run();
      } catch (CrashSimulation.Broken found) {
        isFound = true;
      }
    }
    assertTrue(isFound, mutant + " was not found in 200 runs");
  }
}
