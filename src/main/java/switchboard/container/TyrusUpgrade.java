package switchboard.container;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpUpgradeHandler;
import jakarta.servlet.http.WebConnection;
import java.io.IOException;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The upgrade of a request on Payara and GlassFish by Tyrus, which gets the client's data only when
 * it is ready for it.
 *
 * <p>Without this, Tyrus requests the client's bytes first and creates the WebSocket afterwards
 * ({@code TyrusHttpUpgradeHandler.init}). If bytes arrived with or directly after the handshake,
 * the server delivers them at once on the same thread, and Tyrus waits for the WebSocket that this
 * thread would create next. That thread waited forever, and the connection was in no limit: five
 * such packets stopped a Payara Server.
 *
 * <p>Uses only the Servlet API.
 */
public final class TyrusUpgrade implements HttpUpgradeHandler {

  private static final Logger LOG = Logger.getLogger(TyrusUpgrade.class.getName());

  private HttpUpgradeHandler tyrus;

  /** For the server, which makes one for each upgrade. */
  public TyrusUpgrade() {}

  /** The request, which is upgraded this way if it is Tyrus that upgrades it. */
  public static HttpServletRequest of(HttpServletRequest request) {
    return new HttpServletRequestWrapper(request) {
      @Override
      public <T extends HttpUpgradeHandler> T upgrade(Class<T> type)
          throws IOException, ServletException {
        if (!TyrusAccess.has(type)) {
          return super.upgrade(type);
        }
        T tyrus = create(type);
        super.upgrade(TyrusUpgrade.class).tyrus = tyrus;
        return tyrus;
      }
    };
  }

  private static <T> T create(Class<T> type) throws ServletException {
    try {
      return type.getConstructor().newInstance();
    } catch (ReflectiveOperationException e) {
      throw new ServletException(e);
    }
  }

  @Override
  public void init(WebConnection connection) {
    try {
      Input input = new Input(connection.getInputStream());
      tyrus.init(new Deferred(connection, input));
      input.begin();
    } catch (IOException | RuntimeException e) {
      LOG.log(Level.FINE, e, () -> "a WebSocket was closed while it was opened");
      close(connection);
    }
  }

  private static void close(WebConnection connection) {
    try {
      connection.close();
    } catch (Exception e) {
      LOG.log(Level.FINE, "a connection was already closed", e);
    }
  }

  @Override
  public void destroy() {
    tyrus.destroy();
  }

  /** The server's connection, with our input. */
  record Deferred(WebConnection original, ServletInputStream input) implements WebConnection {

    @Override
    public ServletInputStream getInputStream() {
      return input;
    }

    @Override
    public ServletOutputStream getOutputStream() throws IOException {
      return original.getOutputStream();
    }

    @Override
    public void close() throws Exception {
      original.close();
    }
  }

  /** The server's input, which tells its listener nothing before it is told to begin. */
  static final class Input extends ServletInputStream {

    /** No more is read before it is looked at what Tyrus keeps. */
    private static final int AT_ONCE = 64 << 10;

    private final ServletInputStream original;
    private ReadListener listener;
    private volatile BooleanSupplier mayGoOn = () -> true;

    private Input(ServletInputStream original) {
      this.original = original;
    }

    @Override
    public void setReadListener(ReadListener reader) {
      listener = reader;
    }

    /** Asks this each time before more is read; nothing is read any more when it says no. */
    void watch(BooleanSupplier question) {
      mayGoOn = question;
    }

    private void begin() {
      original.setReadListener(listener);
    }

    @Override
    public boolean isReady() {
      return mayGoOn.getAsBoolean() && original.isReady();
    }

    @Override
    public boolean isFinished() {
      return original.isFinished();
    }

    @Override
    public int available() throws IOException {
      return Math.min(original.available(), AT_ONCE);
    }

    @Override
    public int read() throws IOException {
      return original.read();
    }

    @Override
    public int read(byte[] bytes, int from, int length) throws IOException {
      return original.read(bytes, from, Math.min(length, AT_ONCE));
    }

    @Override
    public void close() throws IOException {
      original.close();
    }
  }
}
