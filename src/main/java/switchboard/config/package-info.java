/**
 * The settings: one definition for each {@linkplain switchboard.config.Setting setting}, read once
 * at the start. A test compares them with {@code docs/reference/settings.md}.
 */
@NullMarked
package switchboard.config;

import org.jspecify.annotations.NullMarked;
