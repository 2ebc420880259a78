/**
 * What was said. A {@linkplain switchboard.log.RingLog log} takes messages, numbers them without
 * holes, keeps the newest and answers "what comes after this {@linkplain switchboard.log.Offset
 * offset}?" with a batch, with "nothing yet", or with "that is gone".
 *
 * <p>Plain Java: nothing from {@code jakarta.*}, no thread, no clock, no I/O. The one rule: a
 * reader either gets the very next message or is told that it is gone.
 */
package switchboard.log;
