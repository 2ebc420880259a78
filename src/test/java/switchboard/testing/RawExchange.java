package switchboard.testing;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * One request exactly as it is written, and all that comes of it: an answer, or the frames of a
 * WebSocket up to the server's close frame.
 */
public final class RawExchange {

  /** How long nothing comes until that was all. */
  private static final int SILENCE_MILLIS = 4_000;

  private static final int MAX_BYTES = 1 << 20;

  /**
   * What came.
   *
   * @param status 0 where the server only ended the connection
   * @param head the status line and the headers
   * @param body or the text of all frames
   * @param closeCode of a WebSocket; 0 where none came
   */
  public record Answer(int status, String head, String body, int closeCode) {
    public String all() {
      return head + "\n" + body;
    }

    public boolean hasHeader(String name) {
      return head.toLowerCase(Locale.ROOT).contains("\n" + name.toLowerCase(Locale.ROOT) + ":");
    }
  }

  private RawExchange() {}

  /**
   * Sends it and reads what comes.
   *
   * @param request each character is a byte
   * @param frame text to send when it has become a WebSocket, or {@code null}
   */
  public static Answer send(URI server, String request, String frame) {
    try (Socket socket = new Socket(server.getHost(), server.getPort())) {
      socket.setSoTimeout(SILENCE_MILLIS);
      try {
        socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
        socket.getOutputStream().flush();
      } catch (IOException e) {
        // The server said no before it had everything.
      }
      InputStream in = new BufferedInputStream(socket.getInputStream());
      String head = upTo(in, "\r\n\r\n");
      int status = head.startsWith("HTTP/1.") ? Integer.parseInt(head.substring(9, 12)) : 0;
      if (status == 101) {
        if (frame != null) {
          socket.getOutputStream().write(masked(frame));
        }
        return frames(in, head);
      }
      return new Answer(status, head, body(in, head), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String body(InputStream in, String head) {
    String lower = head.toLowerCase(Locale.ROOT);
    int at = lower.indexOf("\ncontent-length:");
    if (at >= 0) {
      int length = Integer.parseInt(head.substring(at + 16, head.indexOf('\r', at)).strip());
      return read(in, length);
    }
    return lower.contains("\ntransfer-encoding: chunked")
        ? upTo(in, "\r\n0\r\n\r\n")
        : read(in, MAX_BYTES);
  }

  // RFC 6455 §5.2; a server's frames are not masked.
  private static Answer frames(InputStream in, String head) {
    StringBuilder text = new StringBuilder();
    for (; ; ) {
      String two = read(in, 2);
      if (two.length() < 2) {
        return new Answer(101, head, text.toString(), 0);
      }
      int length = two.charAt(1) & 0x7f;
      if (length >= 126) {
        long longer = 0;
        for (char c : read(in, length == 126 ? 2 : 8).toCharArray()) {
          longer = longer << 8 | c;
        }
        length = (int) longer;
      }
      String payload = read(in, length);
      int opcode = two.charAt(0) & 0x0f;
      if (opcode == 8) {
        int code = payload.length() < 2 ? 1005 : payload.charAt(0) << 8 | payload.charAt(1);
        return new Answer(101, head, text.toString(), code);
      }
      text.append(opcode == 1 ? payload + "\n" : "");
    }
  }

  private static byte[] masked(String text) {
    byte[] payload = text.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream frame = new ByteArrayOutputStream();
    frame.write(0x81);
    if (payload.length < 126) {
      frame.write(0x80 | payload.length);
    } else {
      frame.write(0x80 | 126);
      frame.write(payload.length >> 8);
      frame.write(payload.length);
    }
    frame.writeBytes(new byte[4]); // a mask of zeros changes nothing
    frame.writeBytes(payload);
    return frame.toByteArray();
  }

  private static String read(InputStream in, int length) {
    return take(in, length, null);
  }

  private static String upTo(InputStream in, String end) {
    return take(in, MAX_BYTES, end);
  }

  private static String take(InputStream in, int length, String end) {
    StringBuilder text = new StringBuilder();
    try {
      while (text.length() < length) {
        int b = in.read();
        if (b < 0) {
          break;
        }
        text.append((char) b);
        if (end != null
            && b == '\n'
            && text.length() >= end.length()
            && text.indexOf(end, text.length() - end.length()) >= 0) {
          break;
        }
      }
    } catch (SocketTimeoutException e) {
      // that was all
    } catch (IOException e) {
      // a reset is an end too
    }
    return text.toString();
  }
}
