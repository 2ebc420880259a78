/**
 * Messages. A {@linkplain switchboard.log.RingLog log} accepts messages, numbers them without
 * holes, keeps the newest and answers "what comes after this {@linkplain switchboard.log.Offset
 * offset}?" with a batch, with "nothing yet", or with a gap.
 *
 * <p>Plain Java: nothing from {@code jakarta.*}, no thread, no clock, no I/O. The one rule: a
 * reader either gets the very next message or is told that it is missing.
 */
@NullMarked
package switchboard.log;

import org.jspecify.annotations.NullMarked;
