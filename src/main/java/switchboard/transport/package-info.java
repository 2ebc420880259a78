/**
 * Delivery to clients. Four ways to do one thing: read the messages after an offset.
 *
 * <pre>
 *                 a batch               nothing yet             a gap
 *   poll          200, messages         200, none               410, problem
 *   long poll     200, messages         waits; then 204         410, problem
 *   event stream  data + control        waits; comments         event: reset, reads on
 *   WebSocket     {next, messages}      waits; {next}           {next, reset}, reads on
 * </pre>
 *
 * <p>Each transport parses its request into a {@code ReadRequest}, gets its bytes from {@code
 * Wire}, and fails with a {@code Problem}. The rule: no shared thread ever waits for a client.
 */
package switchboard.transport;
