package switchboard.redis;

import switchboard.log.Append;
import switchboard.log.Appended;
import switchboard.log.Offset;

/**
 * What {@code store.lua} answers to an append.
 *
 * @param state the channel after it
 * @param appended {@code null} where there is no such channel any more
 * @param start the number of its first message; -1 where it was not accepted
 */
record AppendReply(ScriptReply state, Appended appended, long start) {

  static AppendReply of(Append append, ScriptReply state) {
    if (!state.exists()) {
      return new AppendReply(state, null, -1);
    }
    if (state.status().equals("accepted")) {
      long start = state.number(0);
      Offset next = state.place(start + append.messages().size());
      return new AppendReply(state, new Appended.Accepted(next, state.closed()), start);
    }
    return new AppendReply(state, refusal(state), -1);
  }

  private static Appended refusal(ScriptReply state) {
    Offset end = state.place(state.head());
    return switch (state.status()) {
      case "duplicate" -> new Appended.Duplicate(end, state.closed(), state.number(0));
      case "closed" -> new Appended.LogClosed(end);
      case "stale" -> new Appended.StaleEpoch(state.number(0));
      case "not-zero" -> new Appended.EpochNotAtZero(state.number(0));
      case "gap" -> new Appended.ProducerGap(state.number(0), state.number(1));
      case "producers" -> new Appended.TooManyProducers(Math.toIntExact(state.number(0)));
      case "regression" -> new Appended.SeqRegression(state.text(0));
      default -> throw new IllegalStateException("store.lua answered " + state.status());
    };
  }
}
