/**
 * The settings: one definition for each {@linkplain switchboard.config.Setting setting}, read once
 * at the start. A test compares them with {@code docs/reference/settings.md}.
 */
package switchboard.config;
