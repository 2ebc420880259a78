/**
 * What time it is: {@linkplain switchboard.time.Clocks three clocks}, each for its own kind of
 * question. Plain Java, known by anyone, knows nobody.
 */
package switchboard.time;
