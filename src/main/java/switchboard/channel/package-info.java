/**
 * Channels and their readers. A {@linkplain switchboard.channel.Channel channel} is a log with
 * {@linkplain switchboard.channel.Subscription subscriptions}; an append wakes them, a worker of
 * the {@linkplain switchboard.channel.Dispatch dispatch} walks them, and each writes what comes
 * after its offset into its {@linkplain switchboard.channel.Sink sink}.
 *
 * <p>Plain Java. The one rule: a subscription has at most one write in flight and owns no queue, so
 * a slow client costs no more than an offset.
 */
@NullMarked
package switchboard.channel;

import org.jspecify.annotations.NullMarked;
