package switchboard.lab;

import java.time.Duration;
import java.util.Map;
import switchboard.channel.Transport;

/**
 * A request for a crowd.
 *
 * @param channel its URL, on this machine's loopback
 * @param readers how many, by transport; the transports take turns
 * @param turn how long each transport is measured
 */
record CrowdPlan(
    String channel,
    Map<Transport, Integer> readers,
    Duration turn,
    Duration pollInterval,
    Duration longPollWait) {}
