package switchboard.run;

import java.io.DataInputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The main class of the executable JAR: checks what a start needs, starts Payara Micro with
 * Switchboard in this process, and prints where it is. What is wrong is said in one sentence, with
 * exit status 1.
 *
 * <p>In this process, so that whatever ends the process ends the server. The file is Java 11 and
 * knows no class of Payara, so that a JDK that is too old can be told.
 */
public final class Launcher {
  private static final int OLDEST_JDK = 17;
  private static final int NEWEST_TRIED_JDK = 25;

  /** Payara Micro unpacks itself and the application: 111 MB. */
  private static final long NEEDED_BYTES = 160_000_000;

  /** How long a server that was just told to stop may still have the port. */
  private static final Duration ENDING_SERVER = Duration.ofSeconds(3);

  private static final int END_TIMEOUT_SECONDS = 30;

  /** What --lab sets where nothing else is set: everything open, but to this machine only. */
  private static final Map<String, String> LAB =
      new TreeMap<>(
          Map.of(
              "switchboard.lab.enabled", "true",
              "switchboard.access.open", "*",
              // A page whose name was made to lead to this machine stays outside.
              "switchboard.hosts", "localhost,127.0.0.1,[::1]",
              "switchboard.cors.origins", "http://localhost:*,http://127.0.0.1:*"));

  private static final String HELP =
      String.join(
          "\n",
          "java -jar switchboard-VERSION.jar [OPTION…]",
          "  --port N             the HTTP port (8080)",
          "  --address ADDRESS    the address to listen on (all; with --lab 127.0.0.1)",
          "  --https-port N       HTTPS too; needs --keystore",
          "  --keystore FILE      a PKCS #12 file with the key and the certificate for HTTPS; its",
          "                       password is in the variable SWITCHBOARD_HTTPS_PASSWORD"
              + " (changeit)",
          "  --alias NAME         the name of the key in that file, if there are several",
          "  --log FILE           writes the log to this file instead of the console",
          "  --lab                the Transport lab, with all channels open; this machine only",
          "  --end-with PID       ends when the process PID ends",
          "  --check              only checks whether it could start",
          "  --version, --help",
          "Settings: -Dswitchboard.access.open='public-*:read' before -jar, or",
          "  SWITCHBOARD_ACCESS_OPEN='public-*:read' in the environment. Without settings,"
              + " Switchboard",
          "  is closed.");

  private final PrintStream console = System.out;
  private final Properties manifest = manifest();
  private int port = 8080;
  private int httpsPort;
  private String address;
  private Path keystore;
  private String alias;
  private Path log;
  private boolean lab;
  private boolean checkOnly;
  private long parent;

  private Launcher() {}

  public static void main(String[] args) {
    Launcher launcher = new Launcher();
    try {
      launcher.run(args);
    } catch (Refused e) {
      launcher.console.println(e.getMessage());
      launcher.console.flush();
      // Payara's threads must not keep what did not start.
      System.exit(1);
    }
  }

  private void run(String[] args) {
    read(args);
    checkJdk();
    checkKeystore();
    checkPort(port, "--port", "-Dport");
    if (httpsPort != 0) {
      checkPort(httpsPort, "--https-port", "-Dhttps.port");
    }
    checkSpace();
    if (checkOnly) {
      return;
    }
    endWithParent();
    startServer();
    String answer = answer();
    if (answer != null) {
      throw new Refused(
          "Switchboard did not start: "
              + firstError(answer)
              + (log == null ? "" : " The log is " + log + "."));
    }
    sayWhere();
  }

  // --- what was asked for

  private void read(String[] args) {
    for (int i = 0; i < args.length; i++) {
      String option = args[i];
      switch (option) {
        case "--lab":
          lab = true;
          break;
        case "--check":
          checkOnly = true;
          break;
        case "--help":
          console.println(HELP);
          System.exit(0);
          break;
        case "--version":
          console.println(product());
          System.exit(0);
          break;
        case "--port":
          port = number(option, value(args, ++i), 65_535);
          break;
        case "--https-port":
          httpsPort = number(option, value(args, ++i), 65_535);
          break;
        case "--address":
          address = value(args, ++i);
          break;
        case "--keystore":
          keystore = Paths.get(value(args, ++i));
          break;
        case "--alias":
          alias = value(args, ++i);
          break;
        case "--log":
          log = Paths.get(value(args, ++i));
          break;
        case "--end-with":
          parent = number(option, value(args, ++i), Integer.MAX_VALUE);
          break;
        default:
          throw new Refused("\"" + option + "\": there is no such option; see --help.");
      }
    }
    if (address == null) {
      address = lab ? "127.0.0.1" : "0.0.0.0";
    }
    if (httpsPort != 0 && keystore == null) {
      throw new Refused("--https-port needs --keystore with a key and a certificate.");
    }
    if (httpsPort == 0 && keystore != null) {
      throw new Refused("--keystore needs --https-port, for example --https-port 8443.");
    }
    if (httpsPort == port) {
      throw new Refused("--port and --https-port are both " + port + "; choose two.");
    }
  }

  private static String value(String[] args, int at) {
    if (at >= args.length || args[at].isEmpty() || args[at].startsWith("--")) {
      throw new Refused(args[at - 1] + " needs a value; see --help.");
    }
    return args[at];
  }

  private static int number(String option, String value, int max) {
    try {
      int number = Integer.parseInt(value);
      if (number >= 1 && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new Refused(option + " \"" + value + "\": it must be a number from 1 to " + max + ".");
  }

  // --- whether it can start

  private void checkJdk() {
    int jdk = Runtime.version().feature();
    int needed = Math.max(OLDEST_JDK, jdkOfServer());
    if (jdk < needed) {
      throw new Refused(
          "JDK "
              + jdk
              + " is too old: "
              + (needed == OLDEST_JDK ? "Switchboard" : server())
              + " needs JDK "
              + needed
              + " or newer. This one is "
              + System.getProperty("java.home")
              + "; JAVA_HOME chooses another.");
    }
    if (jdk > NEWEST_TRIED_JDK && !checkOnly) {
      console.println(
          "JDK " + jdk + " is newer than the newest that was tried, " + NEWEST_TRIED_JDK + ".");
    }
  }

  /** The JDK that the bundled server was compiled for, or 0 without a server. */
  private static int jdkOfServer() {
    try (InputStream in =
        Launcher.class.getResourceAsStream("/fish/payara/micro/PayaraMicro.class")) {
      if (in == null) {
        return 0;
      }
      DataInputStream header = new DataInputStream(in);
      header.readInt();
      header.readUnsignedShort();
      return header.readUnsignedShort() - 44;
    } catch (IOException e) {
      throw new Refused("The executable JAR cannot be read: " + e.getMessage());
    }
  }

  private void checkKeystore() {
    if (keystore == null) {
      return;
    }
    if (!Files.isRegularFile(keystore)) {
      throw new Refused("https.keystore: there is no file " + keystore);
    }
    try (InputStream in = new FileInputStream(keystore.toFile())) {
      KeyStore keys = KeyStore.getInstance("PKCS12");
      keys.load(in, password().toCharArray());
      List<String> names = new ArrayList<>();
      for (String name : Collections.list(keys.aliases())) {
        if (keys.isKeyEntry(name)) {
          names.add(name);
        }
      }
      if (alias == null && names.size() == 1) {
        alias = names.get(0);
      }
      if (alias == null || !keys.isKeyEntry(alias)) {
        throw new Refused(
            "https.alias: "
                + (alias == null ? "none is given" : "\"" + alias + "\" is not in " + keystore)
                + "; the file has "
                + (names.isEmpty() ? "no key" : String.join(", ", names))
                + ".");
      }
      if (keys.getCertificate(alias) instanceof X509Certificate) {
        Instant end = ((X509Certificate) keys.getCertificate(alias)).getNotAfter().toInstant();
        if (end.isBefore(Instant.now())) {
          throw new Refused("https.keystore: the certificate in " + keystore + " expired " + end);
        }
      }
    } catch (IOException e) {
      throw new Refused(
          "https.keystore: "
              + keystore
              + " cannot be opened: the password (https.password, SWITCHBOARD_HTTPS_PASSWORD) is"
              + " wrong, or it is not a PKCS #12 file.");
    } catch (GeneralSecurityException e) {
      throw new Refused("https.keystore: " + keystore + " cannot be used: " + e.getMessage());
    }
  }

  private static String password() {
    String password = System.getenv("SWITCHBOARD_HTTPS_PASSWORD");
    return password == null || password.isEmpty() ? "changeit" : password;
  }

  private void checkPort(int number, String option, String property) {
    InetAddress listening;
    try {
      listening = InetAddress.getByName(address);
    } catch (UnknownHostException e) {
      throw new Refused("--address \"" + address + "\": there is no such address.");
    }
    if (!canBind(listening, 0)) {
      throw new Refused("--address \"" + address + "\": this machine does not have it.");
    }
    // "localhost" is [::1] to some clients, which would then reach somebody else's server
    InetAddress also = lab ? loopback6() : listening;
    long end = System.nanoTime() + ENDING_SERVER.toNanos();
    while (!canBind(listening, number) || !canBind(also, number)) {
      if (number < 1024 && !answers(listening, number) && !answers(also, number)) {
        throw new Refused(
            "Port " + number + ": this user may not use it. Choose one above 1023: " + option);
      }
      if (System.nanoTime() > end) {
        int other = number < 60_000 ? number + 1_010 : number - 1_010;
        throw new Refused(
            "Port "
                + number
                + " is taken. Choose another: "
                + option
                + " "
                + other
                + ", or with Maven "
                + property
                + "="
                + other);
      }
      pause();
    }
  }

  /** [::1], or 127.0.0.1 on a machine without IPv6. */
  private static InetAddress loopback6() {
    try {
      InetAddress loopback = InetAddress.getByName("::1");
      return canBind(loopback, 0) ? loopback : InetAddress.getByName("127.0.0.1");
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e);
    }
  }

  // The reason of a failure is in the system's language, so only whether it fails is looked at.
  private static boolean canBind(InetAddress address, int number) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(address, number));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean answers(InetAddress address, int number) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(address, number), 1_000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(100);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void checkSpace() {
    File directory = new File(System.getProperty("java.io.tmpdir"));
    if (!directory.isDirectory() || !Files.isWritable(directory.toPath())) {
      throw new Refused(
          "The temporary directory "
              + directory
              + " cannot be written to. Choose another: java -Djava.io.tmpdir=DIRECTORY");
    }
    long free = directory.getUsableSpace();
    if (free < NEEDED_BYTES) {
      throw new Refused(
          "There is no space: the server needs "
              + NEEDED_BYTES / 1_000_000
              + " MB in "
              + directory
              + ", and "
              + free / 1_000_000
              + " MB are free. Choose another directory: java -Djava.io.tmpdir=DIRECTORY");
    }
    if (log != null) {
      try {
        Path folder = log.toAbsolutePath().getParent();
        if (folder == null || Files.isDirectory(log)) {
          throw new IOException();
        }
        Files.createDirectories(folder);
        if (!Files.isWritable(Files.exists(log) ? log : folder)) {
          throw new IOException();
        }
      } catch (IOException e) {
        throw new Refused("--log: " + log + " cannot be written.");
      }
    }
  }

  // --- the server

  private void endWithParent() {
    if (parent == 0) {
      return;
    }
    Runnable end =
        () -> {
          Thread last =
              new Thread(
                  () -> {
                    try {
                      TimeUnit.SECONDS.sleep(END_TIMEOUT_SECONDS);
                    } catch (InterruptedException e) {
                      Thread.currentThread().interrupt();
                    }
                    Runtime.getRuntime().halt(1);
                  },
                  "end-at-last");
          last.setDaemon(true);
          last.start();
          System.exit(0);
        };
    ProcessHandle.of(parent).ifPresentOrElse(process -> process.onExit().thenRunAsync(end), end);
  }

  private void startServer() {
    try {
      if (log != null) {
        PrintStream file = new PrintStream(new FileOutputStream(log.toFile()), true, "UTF-8");
        System.setOut(file);
        System.setErr(file);
      }
      if (lab) {
        LAB.forEach(Launcher::setIfAbsent);
      }
      List<String> arguments =
          new ArrayList<>(
              List.of(
                  "--nohazelcast",
                  "--disablephonehome",
                  "--logproperties",
                  temporary("logging.properties"),
                  "--prebootcommandfile",
                  temporary("preboot.txt"),
                  "--port",
                  Integer.toString(port)));
      if (httpsPort != 0) {
        System.setProperty("javax.net.ssl.keyStore", keystore.toAbsolutePath().toString());
        System.setProperty("javax.net.ssl.keyStorePassword", password());
        arguments.addAll(List.of("--sslport", Integer.toString(httpsPort), "--sslcert", alias));
      }
      Class.forName("fish.payara.micro.PayaraMicro")
          .getMethod("main", String[].class)
          .invoke(null, (Object) arguments.toArray(new String[0]));
    } catch (ClassNotFoundException e) {
      throw new Refused("The server is missing: start the executable JAR with java -jar.");
    } catch (InvocationTargetException e) {
      e.getCause().printStackTrace();
      throw new Refused(
          "The server did not start: "
              + e.getCause().getMessage()
              + (log == null ? "" : " The log is " + log + "."));
    } catch (IOException | ReflectiveOperationException e) {
      throw new Refused("The server did not start: " + e);
    }
  }

  private static void setIfAbsent(String setting, String value) {
    String variable =
        setting.replace('.', '_').replace('-', '_').toUpperCase(java.util.Locale.ROOT);
    if (System.getProperty(setting) == null && System.getenv(variable) == null) {
      System.setProperty(setting, value);
    }
  }

  /** A file of the JAR as one that the server can read, with the address to listen on. */
  private String temporary(String resource) throws IOException {
    try (InputStream in = Launcher.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IOException("the executable JAR lacks " + resource);
      }
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      Path file = Files.createTempFile("switchboard-", "-" + resource);
      file.toFile().deleteOnExit();
      Files.write(
          file,
          text.replace("address=127.0.0.1", "address=" + address).getBytes(StandardCharsets.UTF_8));
      return file.toString();
    }
  }

  /** What is wrong with the application's answer, or null if it answers as it should. */
  private String answer() {
    String host = address.equals("0.0.0.0") ? "127.0.0.1" : address;
    try {
      HttpURLConnection connection =
          (HttpURLConnection)
              new URI("http", null, host, port, "/switchboard/health/live", null, null)
                  .toURL()
                  .openConnection();
      connection.setConnectTimeout(10_000);
      connection.setReadTimeout(30_000);
      int status = connection.getResponseCode();
      connection.disconnect();
      return status == 200 ? null : "its health is answered with status " + status + ".";
    } catch (Exception e) {
      return "it does not answer on port " + port + " (" + e.getMessage() + ").";
    }
  }

  /** The cause of the first error in the log, which is that of those that follow. */
  private String firstError(String otherwise) {
    if (log == null) {
      return otherwise + " The reason is in the log above.";
    }
    Pattern record = Pattern.compile("^\\d\\d:\\d\\d:\\d\\d ([A-Z]+) (.*)$");
    Pattern cause = Pattern.compile("^Caused by: [\\w.$]+: (.*)$");
    String found = null;
    boolean inMessage = false;
    try {
      for (String line : Files.readAllLines(log)) {
        Matcher start = record.matcher(line);
        Matcher deeper = cause.matcher(line);
        if (start.matches() && found != null) {
          break;
        } else if (start.matches() && start.group(1).equals("SEVERE")) {
          found = start.group(2);
          inMessage = true;
        } else if (found != null && deeper.matches()) {
          found = deeper.group(1);
          inMessage = true;
        } else if (line.startsWith("\t") || line.startsWith("Caused by: ")) {
          inMessage = false;
        } else if (inMessage) {
          found += " " + line.strip();
        }
      }
    } catch (IOException e) {
      return otherwise;
    }
    return found == null ? otherwise : found.matches(".*[.?!]") ? found : found + ".";
  }

  private void sayWhere() {
    String host = address.equals("0.0.0.0") || address.equals("127.0.0.1") ? "localhost" : address;
    console.println(
        product()
            + " runs on JDK "
            + Runtime.version().feature()
            + (log == null ? "" : "; its log is " + log)
            + ". Ctrl-C ends it.");
    if (httpsPort != 0) {
      console.println("https://" + host + ":" + httpsPort + "/switchboard");
    }
    console.println("http://" + host + ":" + port + "/switchboard");
    console.flush();
  }

  private String product() {
    return "Switchboard "
        + manifest.getProperty("Implementation-Version", "(unknown version)")
        + " with "
        + server();
  }

  private String server() {
    return manifest.getProperty("Bundled-Server", "Payara Micro");
  }

  private static Properties manifest() {
    Properties found = new Properties();
    try {
      Path jar =
          Paths.get(Launcher.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      try (JarFile file = new JarFile(jar.toFile())) {
        Attributes attributes = file.getManifest().getMainAttributes();
        attributes.forEach((name, value) -> found.setProperty(name.toString(), value.toString()));
      }
    } catch (Exception e) {
      // not from a JAR: only to check
    }
    return found;
  }

  private static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1;

    Refused(String sentence) {
      super(sentence, null, false, false);
    }
  }
}
