/**
 * Clients that are connected: admitted, limited in rate and memory, checked once a second, and
 * disconnected when the server stops. Plain Java; the transports register their connections here.
 *
 * <p>The rule: nothing that a client holds is without a limit.
 */
@NullMarked
package switchboard.connection;

import org.jspecify.annotations.NullMarked;
