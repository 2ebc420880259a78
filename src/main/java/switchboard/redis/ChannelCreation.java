package switchboard.redis;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import switchboard.channel.Channel;
import switchboard.channel.ChannelName;
import switchboard.channel.Channels.Refused;
import switchboard.channel.Channels.Request;
import switchboard.channel.ContentType;
import switchboard.channel.Ending;
import switchboard.channel.Fork;
import switchboard.channel.Lifetime;
import switchboard.log.Offset;
import switchboard.log.Retention;

/**
 * Creates channels in Redis.
 *
 * <p>A fork in a Redis Cluster is created in two steps, since its source may be at another master:
 * the source counts the fork and answers what it begins with, then the fork is created with that.
 * Should the second step fail, the source is told.
 *
 * <p><b>Threads.</b> Safe. Waits for Redis.
 */
final class ChannelCreation {

  private static final int BRANCHED_MILLIS = 60_000;

  private final RedisStore store;
  private final boolean isCluster;

  ChannelCreation(RedisStore store, boolean isCluster) {
    this.store = store;
    this.isCluster = isCluster;
  }

  /** A channel that is to be created; {@code fork} is {@code null} where it is none. */
  private record Draft(
      ChannelName name,
      ContentType type,
      Lifetime lifetime,
      Fork fork,
      Branch branch,
      boolean closes) {}

  /** Where exactly a fork leaves its source; {@code at} without the fork's sub-offset. */
  private record Branch(
      Channel source, String sourceId, Offset at, long number, int prefixBytes, String epochs) {
    static final Branch NONE = new Branch(null, "", null, 0, 0, "");
  }

  /** Whether it was created; {@code false} if another server was faster. */
  boolean create(ChannelName name, Request request) {
    Fork fork = request.fork();
    Branch branch = fork == null ? Branch.NONE : branch(request);
    ContentType type = request.contentType();
    if (fork != null) {
      type = branch.source().contentType();
    } else if (type == null) {
      type = ContentType.DEFAULT;
    }
    Lifetime lifetime = fork == null ? request.lifetime() : request.lifetimeOf(branch.source());
    List<byte[]> messages = request.initial().apply(type);
    Draft draft = new Draft(name, type, lifetime, fork, branch, request.close());
    boolean isInTwoSteps = fork != null && isCluster;
    return isCreated(
        draft, isInTwoSteps ? createInTwoSteps(draft, messages) : create(draft, messages));
  }

  /** Creates a channel that Redis has lost, without its messages. */
  void restore(Channel channel, boolean isClosed) {
    Draft draft =
        new Draft(
            channel.name(), channel.contentType(), channel.lifetime(), null, Branch.NONE, isClosed);
    create(draft, List.of());
  }

  private static boolean isCreated(Draft draft, ScriptReply reply) {
    Fork fork = draft.fork();
    return switch (reply.status()) {
      case "created" -> true;
      case "forks" -> throw Refused.tooManyForks(fork.source(), reply.number(0));
      case "short" ->
          throw new Refused(
              Ending.BAD_FORK,
              "sub-offset %d: the message after %s has %d bytes"
                  .formatted(fork.subOffset(), draft.branch().at(), reply.number(0)));
      default -> false;
    };
  }

  private ScriptReply createInTwoSteps(Draft draft, List<byte[]> messages) {
    ChannelName source = draft.fork().source();
    String id = UUID.randomUUID().toString();
    Branch branch = draft.branch();
    ScriptReply counted =
        store.call(
            "branch",
            source,
            new Scripts.Once(id),
            BRANCHED_MILLIS,
            branch.sourceId(),
            branch.number(),
            branch.prefixBytes(),
            store.parts().limits().forksPerChannel());
    if (!counted.status().equals("branched")) {
      return counted;
    }
    List<byte[]> inherited = counted.more();
    List<byte[]> all = new ArrayList<>(inherited);
    all.addAll(messages);
    ScriptReply created = create(draft, id, inherited.size(), all);
    if (!created.status().equals("created")) {
      store.call("release", source, new Scripts.Once(id + ":not"));
    }
    return created;
  }

  private ScriptReply create(Draft draft, List<byte[]> messages) {
    return create(draft, UUID.randomUUID().toString(), 0, messages);
  }

  /**
   * Creates it.
   *
   * @param id tells this from another attempt
   * @param inherited how many of the messages are those that a fork begins with
   */
  private ScriptReply create(Draft draft, String id, int inherited, List<byte[]> messages) {
    Lifetime lifetime = draft.lifetime();
    Instant end = lifetime.expiresAt();
    Fork fork = draft.fork();
    Branch branch = draft.branch();
    Retention retention = store.parts().retention();
    return store.call(
        "create",
        draft.name(),
        draft.type().value(),
        lifetime.ttl() == null ? "" : lifetime.ttl().toMillis(),
        end == null ? "" : end.toEpochMilli(),
        lifetime.written() == null ? "" : lifetime.written(),
        ScriptReply.write(fork),
        fork == null ? "" : fork.source(),
        branch.sourceId(),
        branch.number(),
        branch.prefixBytes(),
        branch.epochs(),
        store.parts().limits().forksPerChannel(),
        draft.closes() ? 1 : 0,
        retention.maxMessages(),
        retention.maxBytes(),
        retention.maxAge().toMillis(),
        new Scripts.Once(id),
        inherited,
        messages);
  }

  private Branch branch(Request request) {
    ChannelName name = request.fork().source();
    if (store.isKeptForForks(name)) {
      throw Refused.sourceDeleted(name);
    }
    Channel source = store.find(name).orElseThrow(() -> Refused.noSource(name));
    MirroredLog log = store.log(name);
    if (log == null) {
      throw Refused.noSource(name);
    }
    request.requireTypeOf(source);
    try {
      return branch(request.fork(), source, log.state());
    } catch (IllegalArgumentException e) {
      throw new Refused(Ending.BAD_FORK, e.getMessage());
    }
  }

  private static Branch branch(Fork fork, Channel source, ScriptReply state) {
    Offset at = fork.in(state.place(state.first()), state.place(state.head()));
    state.epochs().requireKept(at, state.first(), state.head());
    boolean countsMessages = source.contentType().kind() == ContentType.Kind.JSON;
    long number =
        countsMessages
            ? state.epochs().plus(at, fork.subOffset(), state.head()).number()
            : at.number();
    int prefixBytes = countsMessages ? 0 : fork.subOffset();
    String epochs = ScriptReply.write(state.epochs().upTo(number));
    return new Branch(source, state.id(), at, number, prefixBytes, epochs);
  }
}
