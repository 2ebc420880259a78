package switchboard.log;

/**
 * Nothing comes after the offset now.
 *
 * @param next the end of the log, which is the offset that was asked for
 * @param closed nothing will ever come: the log is closed (EOF)
 */
public record UpToDate(Offset next, boolean closed) implements Reading {}
