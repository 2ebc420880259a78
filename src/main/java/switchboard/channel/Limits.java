package switchboard.channel;

/**
 * How much of everything the channels of this server may be.
 *
 * @param totalBytes what all logs keep together
 * @param channels how many there are
 * @param subscriptionsPerChannel how many listen to one
 * @param forksPerChannel how many branched off one and still exist
 * @param pollers how many clients that come and go with each request are remembered
 */
public record Limits(
    long totalBytes, int channels, int subscriptionsPerChannel, int forksPerChannel, int pollers) {

  /** No bound on anything. */
  public static final Limits NONE =
      new Limits(Long.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE);

  /** No bound on those that come and go. */
  public Limits(long totalBytes, int channels, int subscriptionsPerChannel, int forksPerChannel) {
    this(totalBytes, channels, subscriptionsPerChannel, forksPerChannel, Integer.MAX_VALUE);
  }
}
