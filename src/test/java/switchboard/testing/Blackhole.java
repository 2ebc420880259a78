package switchboard.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;

/** A network that, from one moment on, loses everything between some clients and the server. */
public abstract class Blackhole implements AutoCloseable {

  /** Where clients connect. */
  public abstract URI server();

  /** From now on nothing arrives any more, in either direction, and nobody is told. */
  public abstract void swallow(List<RawSocket> clients) throws Exception;

  /** Runs a program to its end and says what it printed; fails where it fails. */
  private static String run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(String.join(" ", command) + ": " + output);
    }
    return output;
  }

  /** Whether this process may change the rules of its network. */
  public static boolean canDropPackets() {
    try {
      run("nft", "list", "ruleset");
      run("nft", "add", "table", "inet", PacketDrop.TABLE);
      run("nft", "delete", "table", "inet", PacketDrop.TABLE);
      return true;
    } catch (IOException | InterruptedException e) {
      return false;
    }
  }

  /** The kernel drops the packets, so that not even the acknowledgements arrive. */
  public static final class PacketDrop extends Blackhole {

    private static final String TABLE = "switchboard_test_" + ProcessHandle.current().pid();

    private final URI server;

    public PacketDrop(URI server) {
      this.server = server;
    }

    @Override
    public URI server() {
      return server;
    }

    @Override
    public void swallow(List<RawSocket> clients) throws Exception {
      String ports =
          clients.stream().map(c -> Integer.toString(c.port())).collect(Collectors.joining(","));
      run("nft", "add", "table", "inet", TABLE);
      run("nft", "add", "chain", "inet", TABLE, "in", "{ type filter hook input priority 0 ; }");
      for (String end : List.of("sport", "dport")) {
        run("nft", "add", "rule", "inet", TABLE, "in", "tcp", end, "{ " + ports + " }", "drop");
      }
    }

    @Override
    public void close() throws Exception {
      run("nft", "delete", "table", "inet", TABLE);
    }
  }

  /** A proxy takes everything from both sides, as one that has lost one side does. */
  public static final class Proxy extends Blackhole {

    private final URI server;
    private final ServerSocket door = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private volatile boolean swallows;

    public Proxy(URI server) throws IOException {
      this.server = server;
      Reader.start(this::accept);
    }

    private void accept() {
      try {
        while (true) {
          Socket client = door.accept();
          Socket inside = new Socket(server.getHost(), server.getPort());
          sockets.addAll(List.of(client, inside));
          Reader.start(() -> carry(client, inside));
          Reader.start(() -> carry(inside, client));
        }
      } catch (IOException e) {
        // closed
      }
    }

    private void carry(Socket from, Socket to) {
      byte[] buffer = new byte[8_192];
      try (InputStream in = from.getInputStream();
          OutputStream out = to.getOutputStream()) {
        for (int size = in.read(buffer); size >= 0; size = in.read(buffer)) {
          if (!swallows) {
            out.write(buffer, 0, size);
          }
        }
        // When one side leaves, the other is not told any more.
        while (swallows) {
          Thread.onSpinWait();
          synchronized (this) {
            wait(100);
          }
        }
      } catch (IOException | InterruptedException e) {
        // gone
      }
    }

    @Override
    public URI server() {
      return URI.create("http://127.0.0.1:" + door.getLocalPort() + "/switchboard/");
    }

    @Override
    public void swallow(List<RawSocket> clients) {
      swallows = true;
    }

    @Override
    public void close() throws Exception {
      swallows = false;
      door.close();
      for (Socket socket : new ArrayList<>(sockets)) {
        socket.close();
      }
    }
  }
}
