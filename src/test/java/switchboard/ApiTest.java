package switchboard;

import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;

import jakarta.inject.Inject;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import switchboard.publish.Publisher;

/**
 * The API for Java is what {@code src/test/api.txt} says, so that it is never changed by chance.
 */
class ApiTest {

  private static final Path FILE = Path.of("src/test/api.txt");
  private static final Pattern OURS = Pattern.compile("\\bswitchboard\\.[\\w.$]+");

  @Test
  void thePublisherAndTheTypesInItsSignaturesAreAsTheFileSays() throws IOException {
    assertEquals(
        Files.readString(FILE),
        api(),
        FILE
            + " is another API; if the change is wanted, compatible and in CHANGELOG.md, write what"
            + " is there now into the file");
  }

  private static String api() {
    Set<Class<?>> known = new LinkedHashSet<>();
    Deque<Class<?>> todo = new ArrayDeque<>(Set.of(Publisher.class));
    StringBuilder text = new StringBuilder();
    while (!todo.isEmpty()) {
      Class<?> type = todo.remove();
      if (known.add(type)) {
        String members = members(type);
        text.append(type.getName()).append('\n').append(members);
        Matcher named = OURS.matcher(members);
        while (named.find()) {
          todo.add(type(named.group()));
        }
      }
    }
    return text.toString();
  }

  private static Class<?> type(String name) {
    try {
      return Class.forName(name);
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What a user of a class, or of a subclass, can call; but not what CDI calls. */
  private static String members(Class<?> type) {
    Set<String> lines = new TreeSet<>();
    Stream.of(type.getDeclaredConstructors())
        .filter(each -> each.getAnnotation(Inject.class) == null && isUsable(each.getModifiers()))
        .forEach(each -> lines.add(signature(each, "")));
    for (Method each : type.getDeclaredMethods()) {
      if (isUsable(each.getModifiers()) && !each.isSynthetic()) {
        lines.add(signature(each, each.getGenericReturnType().getTypeName() + " "));
      }
    }
    for (Field each : type.getDeclaredFields()) {
      if (isUsable(each.getModifiers())) {
        lines.add(each.toGenericString().replace(type.getName() + ".", ""));
      }
    }
    return lines.stream().map(line -> "  " + line + "\n").collect(joining());
  }

  private static boolean isUsable(int modifiers) {
    return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
  }

  private static String signature(Executable each, String returned) {
    String name = each instanceof Constructor ? "new" : each.getName();
    String thrown =
        Stream.of(each.getExceptionTypes()).map(Class::getName).sorted().collect(joining(", "));
    return Modifier.toString(each.getModifiers() & ~Modifier.SYNCHRONIZED)
        + " "
        + returned
        + name
        + Arrays.stream(each.getGenericParameterTypes())
            .map(java.lang.reflect.Type::getTypeName)
            .collect(joining(", ", "(", ")"))
        + (thrown.isEmpty() ? "" : " throws " + thrown);
  }
}
