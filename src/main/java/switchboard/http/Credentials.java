package switchboard.http;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import switchboard.access.Authorizer;
import switchboard.access.Caller;
import switchboard.channel.Ending;

/**
 * Finds the token of a request: in {@code Authorization}, for a WebSocket also in the subprotocols,
 * for requests that only read also in a cookie; never in the URL.
 */
public final class Credentials {

  /** With this prefix browsers accept the cookie only over HTTPS (RFC 6265bis §4.1.3). */
  public static final String COOKIE = "__Secure-switchboard";

  /** The prefix of the subprotocol that contains a token. */
  static final String SUBPROTOCOL_PREFIX = "switchboard.bearer.";

  private static final Pattern SCHEME = Pattern.compile("(?i)bearer(?:\\s+(.*))?");
  private static final Set<String> NAMES_OF_TOKENS =
      Set.of("access_token", "token", "authorization", "jwt", "bearer", "id_token");

  private Credentials() {}

  /** The client of the request. Throws a {@link Problem} if the token is not valid. */
  static Guard identify(Request request, boolean isUpgrade, Authorizer authorizer) {
    requireNoneInUrl(request.query());
    String token = authorizer.takesTokens() ? token(request, isUpgrade) : null;
    Caller.Login login =
        request.login() == null ? null : authorizer.login(request.login(), request::isInRole);
    Caller caller = Guard.orProblem(() -> authorizer.identify(request.address(), token, login));
    return new Guard(authorizer, caller);
  }

  // URLs appear in logs, histories and Referer headers (RFC 6750 §5.3).
  private static void requireNoneInUrl(@Nullable String query) {
    if (query == null) {
      return;
    }
    for (String pair : query.split("&")) {
      String name = decode(pair.split("=", 2)[0]).toLowerCase(Locale.ROOT);
      if (NAMES_OF_TOKENS.contains(name)) {
        throw new Problem(
            Ending.TOKEN_IN_URL,
            "parameter \"%s\": send the token as Authorization: Bearer, over a WebSocket as the"
                    .formatted(name)
                + " subprotocol switchboard.bearer.<token> or as its first frame");
      }
    }
  }

  private static String decode(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return text; // the parser of the query reports it
    }
  }

  private static @Nullable String token(Request request, boolean isUpgrade) {
    List<String> explicit = new ArrayList<>(inHeader(request));
    if (isUpgrade) {
      explicit.addAll(inSubprotocols(request));
    }
    if (explicit.size() > 1) {
      // RFC 6750 §2: one method, one token.
      throw new Problem(
          Ending.BAD_PARAMETER, explicit.size() + " tokens in one request; only one is allowed");
    }
    if (!explicit.isEmpty()) {
      return explicit.get(0);
    }
    // A credential that a browser sends automatically must not allow changes. →
    // docs/reference/protocol.md
    boolean onlyReads = request.method().equals("GET") || request.method().equals("HEAD");
    return onlyReads ? inCookie(request) : null;
  }

  private static List<String> inHeader(Request request) {
    List<String> tokens = new ArrayList<>();
    for (String value : request.headers("Authorization")) {
      Matcher bearer = SCHEME.matcher(value.strip());
      if (bearer.matches()) {
        tokens.add(bearer.group(1) == null ? "" : bearer.group(1)); // an empty one is not good
      }
    }
    return tokens;
  }

  private static List<String> inSubprotocols(Request request) {
    List<String> tokens = new ArrayList<>();
    for (String line : request.headers("Sec-WebSocket-Protocol")) {
      for (String protocol : line.split(",")) {
        if (protocol.strip().startsWith(SUBPROTOCOL_PREFIX)) {
          tokens.add(protocol.strip().substring(SUBPROTOCOL_PREFIX.length()));
        }
      }
    }
    return tokens;
  }

  // Read from the header: of two cookies of one name, servers return only one, and not the same
  // one.
  private static @Nullable String inCookie(Request request) {
    List<String> tokens = new ArrayList<>();
    for (String line : request.headers("Cookie")) {
      for (String cookie : line.split(";")) {
        String[] pair = cookie.split("=", 2);
        if (pair[0].strip().equals(COOKIE)) {
          tokens.add(pair.length == 1 ? "" : pair[1].strip());
        }
      }
    }
    if (tokens.size() > 1) {
      throw new Problem(
          Ending.BAD_PARAMETER,
          "%d cookies named %s; only one is allowed".formatted(tokens.size(), COOKIE));
    }
    return tokens.isEmpty() ? null : tokens.get(0);
  }
}
