package switchboard.channel;

/**
 * Limits for the channels of this server.
 *
 * @param totalBytes memory for all logs together
 * @param channels number of channels
 * @param subscriptionsPerChannel subscriptions of one channel
 * @param forksPerChannel existing forks of one channel
 * @param pollers clients that poll and are remembered
 * @param subscriptions subscriptions of all channels together
 */
public record Limits(
    long totalBytes,
    int channels,
    int subscriptionsPerChannel,
    int forksPerChannel,
    int pollers,
    long subscriptions) {

  /** No limits. */
  public static final Limits NONE =
      new Limits(Long.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE);

  /** No limit on all subscriptions together. */
  public Limits(
      long totalBytes,
      int channels,
      int subscriptionsPerChannel,
      int forksPerChannel,
      int pollers) {
    this(totalBytes, channels, subscriptionsPerChannel, forksPerChannel, pollers, Long.MAX_VALUE);
  }

  /** No limit on pollers. */
  public Limits(long totalBytes, int channels, int subscriptionsPerChannel, int forksPerChannel) {
    this(totalBytes, channels, subscriptionsPerChannel, forksPerChannel, Integer.MAX_VALUE);
  }
}
