/**
 * Periodic tasks. All schedules are in this package: small singletons that are started with the
 * application, run on a thread of the server, and call the core.
 */
@NullMarked
package switchboard.timer;

import org.jspecify.annotations.NullMarked;
