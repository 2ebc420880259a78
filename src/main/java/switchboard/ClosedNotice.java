package switchboard;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.servlet.ServletContext;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import switchboard.access.Authorizer;

/** Logs the commands that open a closed application on this server. */
@ApplicationScoped
public class ClosedNotice {

  private static final Logger LOG = Logger.getLogger(ClosedNotice.class.getName());

  /** The commands for each server, by its server info. The page has them too, in lab/opening.js. */
  private static final Map<Pattern, List<String>> COMMANDS = new LinkedHashMap<>();

  private static final List<String> ASADMIN =
      List.of(
          "asadmin create-system-properties 'switchboard.access.open=*'",
          "asadmin redeploy --name NAME NAME.war");

  static {
    COMMANDS.put(
        Pattern.compile("payara micro"),
        List.of("java -Dswitchboard.access.open='*' -jar payara-micro.jar --deploy NAME.war"));
    COMMANDS.put(Pattern.compile("payara|glassfish"), ASADMIN);
    COMMANDS.put(
        Pattern.compile("wildfly|undertow|jboss"),
        List.of(
            "jboss-cli.sh -c '/system-property=switchboard.access.open:add(value=\"*\")'",
            "jboss-cli.sh -c '/deployment=NAME.war:redeploy'"));
    COMMANDS.put(
        Pattern.compile("liberty|websphere"),
        List.of(
            "echo '-Dswitchboard.access.open=*' >> wlp/usr/servers/defaultServer/jvm.options",
            "wlp/bin/server stop && wlp/bin/server start"));
  }

  @Inject private Authorizer authorizer;

  void started(@Observes @Initialized(ApplicationScoped.class) Object application) {
    if (authorizer.isClosed()) {
      LOG.warning(application instanceof ServletContext context ? textFor(context) : text("", ""));
    }
  }

  private static String textFor(ServletContext context) {
    return text(context.getServerInfo(), context.getContextPath());
  }

  /**
   * The text for the log.
   *
   * @param serverInfo from the servlet context
   * @param contextPath the application's path
   */
  static String text(String serverInfo, String contextPath) {
    String name = contextPath.isEmpty() ? "switchboard" : contextPath.substring(1);
    String server = serverInfo.toLowerCase(Locale.ROOT);
    return COMMANDS.entrySet().stream()
        .filter(entry -> entry.getKey().matcher(server).find())
        .findFirst()
        .map(entry -> String.join("\n  ", entry.getValue()).replace("NAME", name))
        .map(
            commands ->
                "To try it out on a machine that only you can reach, allow everyone to do"
                    + " everything:\n  "
                    + commands
                    + "\nFor anything else see docs/guide/access.md.")
        .orElse(
            "To try it out on a machine that only you can reach, set switchboard.access.open=* and"
                + " deploy it again. For anything else see docs/guide/access.md.");
  }
}
