package switchboard.container;

import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * Reflection on the server's objects, by the names of fields and methods, for functions that the
 * standard API does not have. It does not reference the classes, because the WAR also runs on other
 * servers.
 *
 * <p>A {@link ReflectiveOperationException} says that this version of the server has not what was
 * read in another, and names it. A {@link RuntimeException} says nothing about the version: the
 * object was taken apart because its client disconnected.
 *
 * <p><b>Threads.</b> Safe.
 */
final class ServerInternals {

  private ServerInternals() {}

  /** A class, without initializing it. */
  static Class<?> type(ClassLoader server, String name) throws ReflectiveOperationException {
    try {
      return Class.forName(name, false, server);
    } catch (ClassNotFoundException e) {
      throw new ClassNotFoundException("there is no class " + name, e);
    } catch (LinkageError e) {
      throw incomplete(name, e);
    }
  }

  /** A public method, callable even if its class is not public. */
  static Method method(Class<?> owner, String name, Class<?>... parameters)
      throws ReflectiveOperationException {
    try {
      Method method = owner.getMethod(name, parameters);
      open(method, owner, name);
      return method;
    } catch (LinkageError e) {
      throw incomplete(owner.getName(), e);
    } catch (NoSuchMethodException e) {
      String types =
          Arrays.stream(parameters).map(Class::getName).collect(Collectors.joining(", "));
      throw new ReflectiveOperationException(
          owner.getName() + " has no method " + name + "(" + types + ")", e);
    }
  }

  /** A field, declared or inherited. */
  static Field field(Class<?> owner, String name) throws ReflectiveOperationException {
    for (Class<?> type = owner; type != null; type = type.getSuperclass()) {
      try {
        Field field = type.getDeclaredField(name);
        open(field, owner, name);
        return field;
      } catch (LinkageError e) {
        throw incomplete(type.getName(), e);
      } catch (NoSuchFieldException e) {
        // perhaps inherited
      }
    }
    throw new NoSuchFieldException(owner.getName() + " has no field " + name);
  }

  // A class that this one names is missing.
  private static ReflectiveOperationException incomplete(String type, LinkageError e) {
    return new ReflectiveOperationException("the class " + type + " cannot be used: " + e, e);
  }

  // Reports a closed module like the other failures.
  private static void open(AccessibleObject member, Class<?> owner, String name)
      throws IllegalAccessException {
    if (!member.trySetAccessible()) {
      throw new IllegalAccessException(owner.getName() + " does not give access to its " + name);
    }
  }

  /** The value of a field. */
  static Object get(Field field, Object owner) throws ReflectiveOperationException {
    return require(field, owner, find(field, owner));
  }

  /** The same, or {@code null}. */
  static Object find(Field field, Object owner) throws ReflectiveOperationException {
    requireOwner(field, field.getDeclaringClass(), owner);
    return field.get(owner);
  }

  static void set(Field field, Object owner, Object value) throws ReflectiveOperationException {
    requireOwner(field, field.getDeclaringClass(), owner);
    field.set(owner, value);
  }

  /** The result of a method. */
  static Object call(Method method, Object owner, Object... arguments)
      throws ReflectiveOperationException {
    return require(method, owner, invoke(method, owner, arguments));
  }

  /** The same, or {@code null}. */
  static Object invoke(Method method, Object owner, Object... arguments)
      throws ReflectiveOperationException {
    requireOwner(method, method.getDeclaringClass(), owner);
    try {
      return method.invoke(owner, arguments);
    } catch (InvocationTargetException e) {
      throw new IllegalStateException(method + " failed", cause(e));
    }
  }

  private static void requireOwner(Object member, Class<?> type, Object owner)
      throws ReflectiveOperationException {
    if (owner != null && !type.isInstance(owner)) {
      throw new ReflectiveOperationException(
          owner.getClass().getName() + " is not of the type that declares " + member);
    }
  }

  private static Object require(Object member, Object owner, Object value) {
    if (value == null) {
      throw new IllegalStateException(member + " is null in " + owner);
    }
    return value;
  }

  /** The exception of a method. */
  static Throwable cause(InvocationTargetException e) {
    return e.getCause() == null ? e : e.getCause();
  }
}
