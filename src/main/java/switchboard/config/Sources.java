package switchboard.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.naming.InitialContext;
import javax.naming.NamingException;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jspecify.annotations.Nullable;

/**
 * The sources of an application's settings. The first one that contains a setting is used:
 *
 * <ol>
 *   <li>the server's configuration for this application, {@code switchboard.app.NAME.…};
 *   <li>the application's own {@code WEB-INF/classes/switchboard.properties};
 *   <li>the server's configuration for all applications.
 * </ol>
 *
 * <p>The server's configuration consists of system properties, then environment variables, then
 * MicroProfile Config if the server has it.
 *
 * <p>Not SmallRye Config in the WAR: twelve JARs, of which WildFly and Open Liberty have other
 * versions. It knows neither this order, nor that access is not opened by accident, nor which
 * misspelt name was meant.
 */
public final class Sources {

  private static final Logger LOG = Logger.getLogger(Sources.class.getName());

  private static final boolean HAS_MICROPROFILE = hasMicroProfile();

  private static final String FILE = "switchboard.properties";

  private static final String FOR_ONE = "switchboard.app.";

  /** Settings that define access. */
  private static final List<Setting<?>> ACCESS =
      List.of(
          Settings.OPEN,
          Settings.ROLES,
          Settings.TOKEN_SECRET,
          Settings.TOKEN_PUBLIC_KEY,
          Settings.TOKEN_JWKS_URL);

  private Sources() {}

  /** The settings of this application. */
  public static Settings read() {
    Set<String> names = new LinkedHashSet<>(System.getProperties().stringPropertyNames());
    System.getenv().keySet().stream()
        .filter(variable -> variable.startsWith("SWITCHBOARD_"))
        .forEach(names::add);
    if (HAS_MICROPROFILE) {
      names.addAll(withoutVariables(MicroProfile.names(), System.getenv().keySet()));
    }
    return settings(application(), file(), Sources::ofServer, names);
  }

  /**
   * The settings of one application of a server.
   *
   * @param name the application's name, or {@code null} if it is not known
   * @param own the application's own settings
   * @param server looks up the server's configuration by key
   * @param names all names in the server's configuration
   */
  static Settings settings(
      @Nullable String name, Properties own, UnaryOperator<String> server, Set<String> names) {
    String ours = FOR_ONE + name + ".";
    Function<Setting<?>, String> said =
        setting -> {
          String forOne = name == null ? null : server.apply(setting.keyBehind(ours));
          return forOne == null ? own.getProperty(setting.key()) : forOne;
        };
    // Access settings for all applications must not open an application that has its own.
    boolean hasOwnRule = ACCESS.stream().anyMatch(setting -> said.apply(setting) != null);
    Set<String> relevant = new LinkedHashSet<>(own.stringPropertyNames());
    names.stream()
        .filter(other -> !other.startsWith(FOR_ONE) || (name != null && other.startsWith(ours)))
        .forEach(relevant::add);
    return new Settings(
        setting -> {
          String written = said.apply(setting);
          boolean isOpening = setting.equals(Settings.OPEN) || setting.equals(Settings.ROLES);
          return written == null && !(isOpening && hasOwnRule)
              ? server.apply(setting.key())
              : written;
        },
        relevant,
        ours);
  }

  // "shop" for shop.war; in an EAR each WAR has its own.
  private static @Nullable String application() {
    try {
      return (String) new InitialContext().lookup("java:module/ModuleName");
    } catch (NamingException e) {
      LOG.log(Level.FINE, "the application's name is not known", e);
      return null;
    }
  }

  private static Properties file() {
    Properties properties = new Properties();
    // With the application's class loader: this class may have another one, as in Payara Embedded.
    ClassLoader application = Thread.currentThread().getContextClassLoader();
    ClassLoader loader = application == null ? Sources.class.getClassLoader() : application;
    try (InputStream in = loader.getResourceAsStream(FILE)) {
      if (in != null) {
        properties.load(new InputStreamReader(in, StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties;
  }

  /**
   * Removes names that are environment variables in another spelling. WildFly's MicroProfile Config
   * lists {@code SWITCHBOARD_LONG_POLL_WAIT} as {@code switchboard.long.poll.wait} too, and
   * Kubernetes sets variables such as {@code SWITCHBOARD_SERVICE_HOST}, which are not misspelt
   * settings.
   */
  static List<String> withoutVariables(Iterable<String> names, Set<String> variables) {
    List<String> others = new ArrayList<>();
    for (String name : names) {
      if (!variables.contains(Setting.environmentVariable(name))) {
        others.add(name);
      }
    }
    return others;
  }

  private static @Nullable String ofServer(String key) {
    String property = System.getProperty(key);
    if (property != null) {
      return property;
    }
    String variable = System.getenv(Setting.environmentVariable(key));
    if (variable != null) {
      return variable;
    }
    return HAS_MICROPROFILE ? MicroProfile.lookup(key) : null;
  }

  private static boolean hasMicroProfile() {
    try {
      Class.forName("org.eclipse.microprofile.config.ConfigProvider");
      return MicroProfile.isThere();
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  // A separate class, so that it is loaded only if its imports exist.
  private static final class MicroProfile {

    // GlassFish 7 has the API without an implementation.
    static boolean isThere() {
      try {
        return ConfigProvider.getConfig() != null;
      } catch (IllegalStateException e) {
        return false;
      }
    }

    static @Nullable String lookup(String key) {
      return ConfigProvider.getConfig().getOptionalValue(key, String.class).orElse(null);
    }

    static Iterable<String> names() {
      return ConfigProvider.getConfig().getPropertyNames();
    }
  }
}
