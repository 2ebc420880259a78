package switchboard.testing;

import java.util.Comparator;
import java.util.stream.Stream;
import org.jboss.arquillian.container.test.api.Deployment;
import org.junit.jupiter.api.ClassDescriptor;
import org.junit.jupiter.api.ClassOrderer;
import org.junit.jupiter.api.ClassOrdererContext;

/** Puts classes with the same application one after the other, see {@link KeptDeployment}. */
public final class ByDeployment implements ClassOrderer {

  @Override
  public void orderClasses(ClassOrdererContext context) {
    context
        .getClassDescriptors()
        .sort(
            Comparator.<ClassDescriptor, String>comparing(test -> origin(test.getTestClass()))
                .thenComparing(test -> test.getTestClass().getName()));
  }

  /** The class that says what is deployed; the one that most share comes first. */
  private static String origin(Class<?> test) {
    for (Class<?> type = test; type != null; type = type.getSuperclass()) {
      if (Stream.of(type.getDeclaredMethods())
          .anyMatch(method -> method.isAnnotationPresent(Deployment.class))) {
        return type == ServerTest.class ? "" : type.getName();
      }
    }
    return "~"; // last
  }
}
