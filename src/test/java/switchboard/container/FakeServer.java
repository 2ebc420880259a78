package switchboard.container;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import jakarta.servlet.ServletContext;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * Classes under a server's names, compiled where they are needed: on the class path of the tests
 * they would be in the way of the real server's.
 *
 * @param classes their bytes by their names
 */
public record FakeServer(Map<String, byte[]> classes) {

  /** Compiles sources, each of which begins with its package. */
  static FakeServer of(String... sources) {
    Map<String, ByteArrayOutputStream> compiled = new HashMap<>();
    var compiler = ToolProvider.getSystemJavaCompiler();
    JavaFileManager inMemory =
        new ForwardingJavaFileManager<>(compiler.getStandardFileManager(null, null, null)) {
          @Override
          public JavaFileObject getJavaFileForOutput(
              Location place, String name, JavaFileObject.Kind kind, FileObject sibling) {
            return new SimpleJavaFileObject(URI.create("memory:///" + name), kind) {
              @Override
              public OutputStream openOutputStream() {
                return compiled.computeIfAbsent(name, n -> new ByteArrayOutputStream());
              }
            };
          }
        };
    var standard = ServletContext.class.getProtectionDomain().getCodeSource().getLocation();
    List<String> options =
        List.of("-proc:none", "-Xlint:none", "-cp", Path.of(URI.create(standard + "")).toString());
    List<JavaFileObject> units = Arrays.stream(sources).map(FakeServer::file).toList();
    if (!compiler.getTask(null, inMemory, null, options, null, units).call()) {
      throw new AssertionError("the sources have errors, see above");
    }
    return new FakeServer(
        compiled.entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().toByteArray())));
  }

  private static JavaFileObject file(String source) {
    String packageName = source.replaceFirst("(?s).*?package ([\\w.]+);.*", "$1");
    String type = source.replaceFirst("(?s).*?\\b(class|interface) (\\w+).*", "$2");
    URI name = URI.create("memory:///" + packageName.replace('.', '/') + "/" + type + ".java");
    return new SimpleJavaFileObject(name, JavaFileObject.Kind.SOURCE) {
      @Override
      public CharSequence getCharContent(boolean ignoreErrors) {
        return source;
      }
    };
  }

  /** The same server in a version where something has another name, of the same length. */
  FakeServer without(String name) {
    String other = name.substring(0, name.length() - 1) + "_";
    UnaryOperator<String> rename = text -> text.replaceAll("(?<!\\w)" + name + "(?!\\w)", other);
    return new FakeServer(
        classes.entrySet().stream()
            .collect(
                Collectors.toMap(
                    e -> rename.apply(e.getKey()),
                    e -> rename.apply(new String(e.getValue(), ISO_8859_1)).getBytes(ISO_8859_1))));
  }

  /** A class loader that has all of them. */
  ClassLoader load() {
    return new ClassLoader(FakeServer.class.getClassLoader()) {
      @Override
      protected Class<?> findClass(String name) throws ClassNotFoundException {
        byte[] bytes = classes.get(name);
        if (bytes == null) {
          throw new ClassNotFoundException(name);
        }
        return defineClass(name, bytes, 0, bytes.length);
      }
    };
  }

  /** The text of a class that does nothing, in all methods of an interface. */
  static String nothing(Class<?> type) {
    return Arrays.stream(type.getMethods())
        .filter(method -> Modifier.isAbstract(method.getModifiers()))
        .map(
            method ->
                "public %s %s %s(%s) { %s }\n"
                    .formatted(
                        Arrays.stream(method.getTypeParameters())
                            .map(t -> "<" + t + " extends " + t.getBounds()[0].getTypeName() + ">")
                            .collect(Collectors.joining()),
                        method.getGenericReturnType().getTypeName().replace('$', '.'),
                        method.getName(),
                        IntStream.range(0, method.getParameterCount())
                            .mapToObj(
                                i ->
                                    method
                                            .getGenericParameterTypes()[i]
                                            .getTypeName()
                                            .replace('$', '.')
                                        + " p"
                                        + i)
                            .collect(Collectors.joining(", ")),
                        result(method.getReturnType())))
        .collect(Collectors.joining());
  }

  private static String result(Class<?> type) {
    if (type == void.class) {
      return "";
    }
    return type == boolean.class
        ? "return false;"
        : type.isPrimitive() ? "return 0;" : "return null;";
  }
}
