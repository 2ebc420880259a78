package switchboard.transport;

/** The protocol's own headers and the values that every transport agrees on. */
final class Headers {

  static final String NEXT_OFFSET = "Stream-Next-Offset";
  static final String UP_TO_DATE = "Stream-Up-To-Date";
  static final String CURSOR = "Stream-Cursor";
  static final String CLOSED = "Stream-Closed";
  static final String TTL = "Stream-TTL";
  static final String EXPIRES_AT = "Stream-Expires-At";
  static final String FORKED_FROM = "Stream-Forked-From";
  static final String FORK_OFFSET = "Stream-Fork-Offset";
  static final String FORK_SUB_OFFSET = "Stream-Fork-Sub-Offset";
  static final String SEQ = "Stream-Seq";
  static final String PRODUCER_ID = "Producer-Id";
  static final String PRODUCER_EPOCH = "Producer-Epoch";
  static final String PRODUCER_SEQ = "Producer-Seq";
  static final String EXPECTED_SEQ = "Producer-Expected-Seq";
  static final String RECEIVED_SEQ = "Producer-Received-Seq";
  static final String SSE_ENCODING = "Stream-SSE-Data-Encoding";
  static final String TRUE = "true";

  private Headers() {}
}
