/**
 * {@linkplain switchboard.time.Clocks Three clocks}, each for a different purpose. Plain Java;
 * every package may use it, and it uses none.
 */
@NullMarked
package switchboard.time;

import org.jspecify.annotations.NullMarked;
