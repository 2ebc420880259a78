/**
 * HTTP requests before they are processed: where they come from, from which client, how large, and
 * how an error is answered. {@code RequestGate} is the list of all checks; an {@code Exchange} is
 * one request with its answer, through any adapter.
 *
 * <p>The rule: nothing here knows what a channel's URL means.
 */
@NullMarked
package switchboard.http;

import org.jspecify.annotations.NullMarked;
