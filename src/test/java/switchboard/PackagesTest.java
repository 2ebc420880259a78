package switchboard;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Dependencies between packages point inward, as the root package's documentation says. The
 * compiled classes are read, so that full names and sub-packages count too. Constants do not: the
 * compiler copies their values.
 */
class PackagesTest {

  /** Each package with all that it may use; what is not here may use nothing of Switchboard. */
  private static final Map<String, Set<String>> MAY_USE =
      Map.ofEntries(
          Map.entry("log", Set.of()),
          Map.entry("config", Set.of()),
          Map.entry("time", Set.of()),
          Map.entry("container", Set.of()),
          Map.entry("access", Set.of("config", "time")),
          Map.entry("channel", Set.of("log", "time")),
          Map.entry("connection", Set.of("log", "channel", "config", "time")),
          Map.entry(
              "http",
              Set.of("log", "channel", "connection", "container", "access", "config", "time")),
          Map.entry(
              "publish",
              Set.of(
                  "log", "channel", "connection", "container", "http", "access", "config", "time")),
          Map.entry(
              "transport",
              Set.of(
                  "log",
                  "channel",
                  "connection",
                  "container",
                  "http",
                  "publish",
                  "access",
                  "config",
                  "time")),
          Map.entry(
              "timer",
              Set.of(
                  "log",
                  "channel",
                  "connection",
                  "publish",
                  "metrics",
                  "access",
                  "config",
                  "time")),
          Map.entry("redis", Set.of("", "log", "channel", "config", "time")),
          Map.entry("file", Set.of("", "log", "channel", "config", "time")),
          Map.entry(
              "metrics",
              Set.of("channel", "connection", "container", "http", "transport", "config", "time")),
          Map.entry(
              "lab",
              Set.of(
                  "log",
                  "channel",
                  "connection",
                  "http",
                  "publish",
                  "transport",
                  "timer",
                  "metrics",
                  "config",
                  "time")));

  private static final String[] SERVERS = {
    "io.undertow", "org.glassfish", "org.apache.catalina", "org.xnio"
  };

  private static final Path SOURCES = Path.of("src/main/java");
  private static final JavaClasses CLASSES =
      new ClassFileImporter().importPath(Path.of("target/classes/switchboard"));

  static Stream<String> packages() {
    return MAY_USE.keySet().stream().sorted();
  }

  @ParameterizedTest
  @MethodSource("packages")
  void everyPackageUsesOnlyWhatItMay(String user) {
    Set<String> mayUse = new TreeSet<>(MAY_USE.get(user));
    mayUse.add(user);
    noClasses()
        .that(resideInAPackage("switchboard." + user + ".."))
        .should()
        .dependOnClassesThat(
            resideInAPackage("switchboard..")
                .and(not(isIn(mayUse)))
                .as("are of another package than " + mayUse))
        .check(CLASSES);
  }

  private static DescribedPredicate<JavaClass> isIn(Set<String> rooms) {
    return DescribedPredicate.describe("is in " + rooms, type -> rooms.contains(room(type)));
  }

  /** Its package, or the one that contains it, without {@code switchboard.}; empty: the root. */
  private static String room(JavaClass type) {
    String[] parts = type.getPackageName().split("\\.");
    return parts.length == 1 ? "" : parts[1];
  }

  @Test
  void noPackagesUseEachOtherInACircle() {
    slices().assignedFrom(new EachPackage()).should().beFreeOfCycles().check(CLASSES);
  }

  /** Also the root, which the usual patterns leave out, and sub-packages, each by itself. */
  private static final class EachPackage implements SliceAssignment {

    @Override
    public SliceIdentifier getIdentifierOf(JavaClass type) {
      String name = type.getPackageName();
      return name.startsWith("switchboard") ? SliceIdentifier.of(name) : SliceIdentifier.ignore();
    }

    @Override
    public String getDescription() {
      return "packages";
    }
  }

  @ParameterizedTest
  @MethodSource("plainPackages")
  void thePlainPackagesUseOnlyJava(String plain) {
    classes()
        .that()
        .resideInAPackage("switchboard." + plain + "..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage("java..", "switchboard..", "org.jspecify..")
        .check(CLASSES);
  }

  static Stream<String> plainPackages() {
    return Stream.of("log", "channel", "connection", "time");
  }

  @Test
  void onlyOnePackageUsesEachLibrary() {
    only("metrics", "io.micrometer..", "io.prometheus..");
    only("access", "com.nimbusds..");
    only("redis", "redis.clients..");
  }

  private static void only(String user, String... library) {
    noClasses()
        .that(not(resideInAPackage("switchboard." + user + "..")))
        .should()
        .dependOnClassesThat(resideInAnyPackage(library))
        .check(CLASSES);
  }

  @Test
  void onlyTheContainerPackageNamesAServersClasses() {
    noClasses()
        .that(not(resideInAPackage("switchboard.container..")))
        .should(nameClassesOfAServer())
        .check(CLASSES);
    // They are where the rule expects them, in the form in which it looks for them.
    assertTrue(
        CLASSES.that(resideInAPackage("switchboard.container..")).stream()
            .anyMatch(type -> !serverNames(type).isEmpty()),
        "the container package names none");
  }

  /** As a type, or in a text for reflection. */
  private static ArchCondition<JavaClass> nameClassesOfAServer() {
    return new ArchCondition<>("name a server's classes") {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        List<String> names = serverNames(type);
        events.add(
            new SimpleConditionEvent(
                type, !names.isEmpty(), type.getName() + " names classes of " + names));
      }
    };
  }

  /** What its class file's constants begin with: types, descriptors and texts are all there. */
  private static List<String> serverNames(JavaClass type) {
    try {
      String bytes =
          new String(
              Files.readAllBytes(Path.of(type.getSource().orElseThrow().getUri())),
              StandardCharsets.ISO_8859_1);
      return Arrays.stream(SERVERS)
          .filter(
              server -> bytes.contains(server + ".") || bytes.contains(server.replace('.', '/')))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void everyPackageIsListedHereAndDocumented() {
    Set<String> rooms =
        CLASSES.stream()
            .map(PackagesTest::room)
            .filter(room -> !room.isEmpty())
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(new TreeSet<>(MAY_USE.keySet()), rooms);
    Set<String> undocumented =
        CLASSES.stream()
            .map(JavaClass::getPackageName)
            .distinct()
            .filter(
                name ->
                    !Files.exists(
                        SOURCES.resolve(name.replace('.', '/')).resolve("package-info.java")))
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(Set.of(), undocumented);
  }
}
