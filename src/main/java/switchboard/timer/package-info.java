/**
 * What the clock says. Schedules live here and only here: thin startup singletons, with a thread of
 * the server's, that call the core.
 */
package switchboard.timer;
