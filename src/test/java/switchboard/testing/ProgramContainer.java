package switchboard.testing;

import static org.awaitility.Awaitility.with;

import java.io.File;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.awaitility.core.ConditionTimeoutException;
import org.jboss.arquillian.container.spi.client.container.ContainerConfiguration;
import org.jboss.arquillian.container.spi.client.container.DeployableContainer;
import org.jboss.arquillian.container.spi.client.container.DeploymentException;
import org.jboss.arquillian.container.spi.client.container.LifecycleException;
import org.jboss.arquillian.container.spi.client.protocol.ProtocolDescription;
import org.jboss.arquillian.container.spi.client.protocol.metadata.HTTPContext;
import org.jboss.arquillian.container.spi.client.protocol.metadata.ProtocolMetaData;
import org.jboss.arquillian.container.spi.client.protocol.metadata.Servlet;
import org.jboss.arquillian.core.spi.LoadableExtension;
import org.jboss.shrinkwrap.api.Archive;
import org.jboss.shrinkwrap.api.exporter.ZipExporter;

/**
 * A server that is used as people use it: by its own commands. They stand in {@code
 * src/test/servers}, one program a server, which is called with {@code start}, {@code deploy FILE},
 * {@code undeploy NAME} and {@code stop}.
 */
public final class ProgramContainer
    implements DeployableContainer<ProgramContainer.Configuration>, LoadableExtension {

  /** The containers of arquillian.xml that have a program and no adapter of their own. */
  private static final Set<String> SERVERS = Set.of("payara-server", "glassfish", "openliberty");

  private static final Duration BOUND = Duration.ofMinutes(3);

  /** Which server. */
  public static final class Configuration implements ContainerConfiguration {

    private String program;

    public void setProgram(String program) {
      this.program = program;
    }

    @Override
    public void validate() {
      if (!new File(program).canExecute()) {
        throw new IllegalArgumentException("program \"" + program + "\": it cannot be run");
      }
    }
  }

  private Configuration configuration;

  @Override
  public void register(ExtensionBuilder builder) {
    if (SERVERS.contains(System.getProperty("arquillian.launch", ""))) {
      builder.service(DeployableContainer.class, ProgramContainer.class);
    }
  }

  @Override
  public Class<Configuration> getConfigurationClass() {
    return Configuration.class;
  }

  @Override
  public void setup(Configuration given) {
    configuration = given;
  }

  @Override
  public ProtocolDescription getDefaultProtocol() {
    return new ProtocolDescription("Local");
  }

  @Override
  public void start() throws LifecycleException {
    try {
      run("start");
    } catch (IOException e) {
      throw new LifecycleException("the server did not start", e);
    }
  }

  @Override
  public void stop() throws LifecycleException {
    try {
      run("stop");
    } catch (IOException e) {
      throw new LifecycleException("the server did not stop", e);
    }
  }

  @Override
  public ProtocolMetaData deploy(Archive<?> archive) throws DeploymentException {
    Path file = Path.of("target", archive.getName()).toAbsolutePath();
    try {
      // Under its own name, which becomes the application's.
      Path folder = Files.createTempDirectory(Path.of("target"), "deploy");
      file = folder.toAbsolutePath().resolve(archive.getName());
      archive.as(ZipExporter.class).exportTo(file.toFile(), true);
      run("deploy", file.toString());
      awaitStatus(name(archive), 200);
    } catch (IOException e) {
      throw new DeploymentException(file + " was not deployed", e);
    }
    HTTPContext context = new HTTPContext("127.0.0.1", Ports.HTTP);
    context.add(new Servlet("default", "/" + name(archive)));
    return new ProtocolMetaData().addContext(context);
  }

  @Override
  public void undeploy(Archive<?> archive) throws DeploymentException {
    try {
      run("undeploy", name(archive));
      awaitStatus(name(archive), 404);
    } catch (IOException e) {
      throw new DeploymentException(archive.getName() + " was not undeployed", e);
    }
  }

  private static String name(Archive<?> archive) {
    return archive.getName().replaceFirst("\\.war$", "");
  }

  private void run(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(configuration.program));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    // The JDK of the tests, not the machine's.
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("CERTIFICATES", System.getProperty("certificates"));
    builder.environment().put("PORTS", System.getProperty("ports"));
    builder.environment().put("SERVER", System.getProperty("server.home"));
    File output = new File("target/server-" + arguments[0] + ".log");
    builder.redirectErrorStream(true).redirectOutput(output);
    Process process = builder.start();
    try {
      if (!process.waitFor(BOUND.toSeconds(), TimeUnit.SECONDS) || process.exitValue() != 0) {
        process.destroy();
        throw new IOException(command + " failed:\n" + Files.readString(output.toPath()));
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private static void awaitStatus(String name, int expected) throws IOException {
    URI uri = URI.create("http://127.0.0.1:" + Ports.HTTP + "/" + name + "/");
    try {
      with()
          .pollInterval(Duration.ofMillis(100))
          .await(uri + " answers " + expected)
          .atMost(BOUND)
          .until(() -> status(uri) == expected);
    } catch (ConditionTimeoutException e) {
      throw new IOException(e);
    }
  }

  private static int status(URI uri) throws IOException {
    HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
    try {
      return connection.getResponseCode();
    } catch (java.net.ConnectException e) {
      return -1;
    } finally {
      connection.disconnect();
    }
  }
}
