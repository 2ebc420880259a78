/**
 * What whoever deploys decides: one definition per {@linkplain switchboard.config.Setting setting},
 * read once at the start. {@code docs/settings.md} is checked against it by a test.
 */
package switchboard.config;
