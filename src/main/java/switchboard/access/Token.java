package switchboard.access;

import java.time.Instant;
import switchboard.config.Grants;

/**
 * What a good token says.
 *
 * @param id its {@code jti}
 * @param subject its {@code sub}
 * @param issuedAt its {@code iat}; the beginning of time where it does not say
 * @param expiresAt from when it is good no longer, with what clocks may differ
 * @param grants what its {@code authorization_details} grant
 */
public record Token(
    String id, String subject, Instant issuedAt, Instant expiresAt, Grants grants) {}
