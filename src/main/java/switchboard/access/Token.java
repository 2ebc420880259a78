package switchboard.access;

import java.time.Instant;
import switchboard.config.Grants;

/**
 * The content of a valid token.
 *
 * @param id its {@code jti}
 * @param subject its {@code sub}
 * @param issuedAt its {@code iat}; the epoch if it has none
 * @param expiresAt when it expires, including the allowed clock difference
 * @param grants what its {@code authorization_details} grant
 */
public record Token(
    String id, String subject, Instant issuedAt, Instant expiresAt, Grants grants) {}
