/**
 * What the clock says. EJB timers live here and only here: thin singletons, programmatic and
 * non-persistent, that call the core.
 */
package switchboard.timer;
