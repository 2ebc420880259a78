/**
 * {@linkplain switchboard.time.Clocks Three clocks}, each for a different purpose. Plain Java;
 * every package may use it, and it uses none.
 */
package switchboard.time;
