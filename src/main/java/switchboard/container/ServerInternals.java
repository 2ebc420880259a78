package switchboard.container;

import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Reflection on the server's objects, by the names of fields and methods, for functions that the
 * standard API does not have. It does not reference the classes, because the WAR also runs on other
 * servers.
 *
 * <p>Found members are cached, because each WebSocket needs the same ones: each lookup copied all
 * members of a class and caused 7 % of the garbage of a handshake on WildFly.
 *
 * <p><b>Threads.</b> Safe.
 */
final class ServerInternals {

  private record Member(Class<?> owner, String name, List<Class<?>> parameters) {}

  private static final Map<Member, Field> FIELDS = new ConcurrentHashMap<>();
  private static final Map<Member, Method> METHODS = new ConcurrentHashMap<>();

  private ServerInternals() {}

  /** The value of a field, declared or inherited. */
  static Object get(Object owner, String field) throws ReflectiveOperationException {
    return require(owner, field, find(owner, field));
  }

  /** The same, or {@code null}. */
  static Object find(Object owner, String field) throws ReflectiveOperationException {
    return field(owner, field).get(owner);
  }

  static void set(Object owner, String field, Object value) throws ReflectiveOperationException {
    field(owner, field).set(owner, value);
  }

  /** The result of a public method without parameters. */
  static Object call(Object owner, String method) throws ReflectiveOperationException {
    return require(owner, method, method(owner, method).invoke(owner));
  }

  /** A public method, callable even if its class is not public. */
  static Method method(Object owner, String name, Class<?>... parameters)
      throws ReflectiveOperationException {
    Member member = new Member(owner.getClass(), name, List.of(parameters));
    Method method = METHODS.get(member);
    if (method == null) {
      method = owner.getClass().getMethod(name, parameters);
      open(method, owner, name);
      METHODS.put(member, method);
    }
    return method;
  }

  /** Whether its class declares such a field. */
  static boolean has(Object owner, String field) {
    return Arrays.stream(owner.getClass().getDeclaredFields())
        .anyMatch(declared -> declared.getName().equals(field));
  }

  /** Fails where one of these fields is not there. */
  static void requireFields(Object owner, String... names) throws ReflectiveOperationException {
    for (String name : names) {
      field(owner, name);
    }
  }

  private static Field field(Object owner, String name) throws ReflectiveOperationException {
    Member member = new Member(owner.getClass(), name, List.of());
    Field field = FIELDS.get(member);
    if (field == null) {
      field = lookUp(owner, name);
      FIELDS.put(member, field);
    }
    return field;
  }

  private static Field lookUp(Object owner, String name) throws ReflectiveOperationException {
    for (Class<?> type = owner.getClass(); type != null; type = type.getSuperclass()) {
      for (Field field : type.getDeclaredFields()) {
        if (field.getName().equals(name)) {
          open(field, owner, name);
          return field;
        }
      }
    }
    throw new NoSuchFieldException(owner.getClass().getName() + " has no " + name);
  }

  // Reports a closed module like the other failures.
  private static void open(AccessibleObject member, Object owner, String name)
      throws IllegalAccessException {
    if (!member.trySetAccessible()) {
      throw new IllegalAccessException(
          owner.getClass().getName() + " does not give access to its " + name);
    }
  }

  private static Object require(Object owner, String member, Object value) {
    if (value == null) {
      throw new IllegalStateException(owner.getClass().getName() + "." + member + " is null");
    }
    return value;
  }

  /** The exception of a method. */
  static Throwable cause(InvocationTargetException e) {
    return e.getCause() == null ? e : e.getCause();
  }
}
