package switchboard.log;

/**
 * The answer to "what comes after this offset?". Loss is one of the answers, not an error: a reader
 * must handle each of the three.
 */
public sealed interface Reading permits Batch, UpToDate, Gap {}
