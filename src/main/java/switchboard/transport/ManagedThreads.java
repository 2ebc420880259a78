package switchboard.transport;

import java.util.concurrent.Executor;

/**
 * The server's threads, for what may have to wait for a client. Looked up once: where Payara
 * injects a managed executor into each request, the look-up alone costs 100 µs.
 */
public record ManagedThreads(Executor executor) {}
