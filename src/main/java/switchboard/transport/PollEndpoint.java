package switchboard.transport;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.UnaryOperator;
import switchboard.channel.Channels;
import switchboard.channel.Ending;
import switchboard.channel.Poller;
import switchboard.channel.Transport;
import switchboard.config.Settings;
import switchboard.connection.Connections;
import switchboard.connection.PendingBodies;
import switchboard.http.Exchange;
import switchboard.http.HttpAnswer;
import switchboard.http.Problem;
import switchboard.http.Query;
import switchboard.time.Clocks;

/**
 * Reads over HTTP: poll, long poll and event stream (Durable Streams PROTOCOL.md §5.6 to §5.8).
 *
 * <p><b>Threads.</b> Safe.
 *
 * @param executor threads that answer waiting requests
 */
record PollEndpoint(
    Channels channels,
    Connections connections,
    PendingBodies bodies,
    Settings settings,
    Clocks clocks,
    Executor executor) {

  /**
   * Answers a request, or lets it wait until there is a message.
   *
   * @param name the channel's name, as in the path
   * @throws Problem if the request is refused
   */
  void start(String name, Query query, Exchange exchange) {
    UnaryOperator<String> header = exchange.request()::header;
    Transport transport = ReadRequest.transport(query, header);
    ReadRequest read =
        ReadRequest.parse(
            channels,
            exchange.request().guard(),
            name,
            transport,
            query,
            header,
            settings.get(Settings.MAX_CHANNELS_PER_CONNECTION));
    if (transport == Transport.EVENT_STREAM) {
      stream(read, exchange);
    } else {
      poll(read, exchange);
    }
  }

  private void stream(ReadRequest read, Exchange exchange) {
    connections.count(Transport.EVENT_STREAM);
    if (EventStream.isOver(read)) {
      // An EventSource reconnects even after "closed"; 204 makes it stop permanently (WHATWG
      // HTML §9.2.3).
      exchange.answer(new HttpAnswer(204, Map.of(), null));
      return;
    }
    EventStream.requireReadable(read, connections.counters());
    requireRoom(exchange.request().address());
    exchange.stream(
        EventStream.headers(read),
        out ->
            EventStream.start(
                read, exchange.request().address(), out, connections, bodies, settings, clocks));
  }

  private void poll(ReadRequest read, Exchange exchange) {
    Duration wait =
        read.transport() == Transport.LONG_POLL ? wait(read.waitSeconds()) : Duration.ZERO;
    connections.count(read.transport());
    visit(read, exchange, wait);
    PollAnswer answer =
        new PollAnswer(read, settings.get(Settings.PAGE_MAX_BYTES), clocks, connections.counters());
    PollAnswer.Found found = answer.now();
    // A poll is a long poll without a wait. An immediate response is sent on this thread: if
    // another thread were faster than this one's return, Payara would log an error.
    if (wait.isZero() || found.isNews()) {
      if (!found.isNews()) {
        connections.countEmpty(read.transport());
      }
      exchange.answer(answer.to(found, found.isNews(), exchange.request().header("If-None-Match")));
    } else {
      answer.requireCurrent(); // another server may know more, and this one hears of nothing new
      String address = exchange.request().address();
      requireRoom(address);
      LongPoll longPoll =
          new LongPoll(answer, found, wait, exchange, address, connections, executor);
      exchange.hold();
      longPoll.start();
    }
  }

  private void requireRoom(String address) {
    Connections.Refusal refusal = connections.refusal(address);
    if (refusal != null) {
      throw Problem.refused(refusal);
    }
  }

  // A client without a name is identified by its address and User-Agent.
  private void visit(ReadRequest read, Exchange exchange, Duration wait) {
    Poller client =
        Poller.of(
            read.member() != null
                ? read.member()
                : exchange.request().address() + " " + exchange.request().header("User-Agent"));
    long leaseMillis = wait.toMillis() + settings.millis(Settings.PRESENCE_LEASE);
    for (ReadPosition place : read.places()) {
      place.channel().visit(read.transport(), client, read.member(), leaseMillis);
    }
  }

  private Duration wait(int seconds) {
    if (seconds < 0) {
      return settings.get(Settings.LONG_POLL_WAIT);
    }
    Duration max = settings.get(Settings.LONG_POLL_MAX_WAIT);
    if (seconds > max.toSeconds()) {
      throw new Problem(
          Ending.BAD_PARAMETER,
          "Prefer: wait=%d: at most %d seconds are allowed".formatted(seconds, max.toSeconds()));
    }
    return Duration.ofSeconds(seconds);
  }
}
