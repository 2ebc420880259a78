package switchboard.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import org.eclipse.microprofile.config.ConfigProvider;

/**
 * Where settings are read: system properties first, then environment variables, then MicroProfile
 * Config where the server has it, then {@code WEB-INF/classes/switchboard.properties} of the
 * application.
 */
public final class Sources {

  private static final boolean HAS_MICROPROFILE = hasMicroProfile();

  private static final String FILE = "switchboard.properties";

  private Sources() {}

  /** The settings of this server. */
  public static Settings read() {
    List<String> names = new ArrayList<>(System.getProperties().stringPropertyNames());
    if (HAS_MICROPROFILE) {
      names.addAll(withoutVariables(MicroProfile.names(), System.getenv().keySet()));
    }
    Properties file = file();
    names.addAll(file.stringPropertyNames());
    return new Settings(
        setting -> {
          String written = lookup(setting);
          return written == null ? file.getProperty(setting.key()) : written;
        },
        names);
  }

  private static Properties file() {
    Properties properties = new Properties();
    // By the application's loader: this class may have come by another, as in Payara Embedded.
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
   * Without those names that are environment variables in another spelling. WildFly's MicroProfile
   * Config lists {@code SWITCHBOARD_LONG_POLL_WAIT} as {@code switchboard.long.poll.wait} too, and
   * Kubernetes sets variables such as {@code SWITCHBOARD_SERVICE_HOST}, which nobody misspelt.
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

  private static String lookup(Setting<?> setting) {
    String property = System.getProperty(setting.key());
    if (property != null) {
      return property;
    }
    String variable = System.getenv(setting.environmentVariable());
    if (variable != null) {
      return variable;
    }
    return HAS_MICROPROFILE ? MicroProfile.lookup(setting.key()) : null;
  }

  private static boolean hasMicroProfile() {
    try {
      Class.forName("org.eclipse.microprofile.config.ConfigProvider");
      return MicroProfile.isThere();
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  // A class of its own, so that it is loaded only where its imports exist.
  private static final class MicroProfile {

    // GlassFish 7 has the API and nothing behind it.
    static boolean isThere() {
      try {
        return ConfigProvider.getConfig() != null;
      } catch (IllegalStateException e) {
        return false;
      }
    }

    static String lookup(String key) {
      return ConfigProvider.getConfig().getOptionalValue(key, String.class).orElse(null);
    }

    static Iterable<String> names() {
      return ConfigProvider.getConfig().getPropertyNames();
    }
  }
}
