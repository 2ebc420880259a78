package switchboard.transport;

/** An exchange whose adapter can write an event stream without blocking. */
interface EventStreamStarter {

  /** Begins the event stream. */
  void start(ReadRequest request);
}
