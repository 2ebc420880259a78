/**
 * Publishing: requests become {@linkplain switchboard.log.Append appends}. The rule: an append
 * happens completely or not at all.
 *
 * <p>{@link switchboard.publish.Publisher} is Switchboard's API for Java, with {@link
 * switchboard.log.Offset}, which it returns. Everything else, here and in all other packages, is
 * internal: it is public only for other packages, and may change with any version.
 */
@NullMarked
package switchboard.publish;

import org.jspecify.annotations.NullMarked;
