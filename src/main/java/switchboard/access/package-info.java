/**
 * Access control. One {@linkplain switchboard.access.Authorizer authorizer} for all transports is
 * asked at the start of each request and again while it lasts. It adds up what is open to everyone,
 * what the client's token grants, and what its roles in the server grant.
 *
 * <p>Plain Java and a library for JSON Web Tokens; it knows nothing about HTTP. The rule: what was
 * not granted is refused, and an invalid token is never treated as no token.
 */
@NullMarked
package switchboard.access;

import org.jspecify.annotations.NullMarked;
