package switchboard.channel;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import switchboard.log.Append;

/**
 * Who listens to each channel, here and at the other servers. What changes is told once a second:
 * to the other servers, and where a channel wants it as a message on the channel {@code
 * name~presence}.
 *
 * <p><b>Threads.</b> Safe.
 *
 * <p><b>Cost.</b> Each tick walks all subscriptions; a channel that changed costs one write to the
 * store, however many came and left.
 */
public final class Presence {

  private static final Logger LOG = Logger.getLogger(Presence.class.getName());
  private static final String SUFFIX = "~presence";

  private final Channels channels;
  private final Store store;
  private final Predicate<ChannelName> tellsMembers;
  private final Predicate<ChannelName> tellsChanges;
  private final Map<ChannelName, Attendance> told = new ConcurrentHashMap<>();
  private final Set<ChannelName> busy = ConcurrentHashMap.newKeySet();

  /**
   * Nobody is known yet.
   *
   * @param tellsMembers channels whose listeners are told by the names that they give
   * @param tellsChanges channels that tell who comes and leaves in a channel beside them
   */
  public Presence(
      Channels channels, Predicate<ChannelName> tellsMembers, Predicate<ChannelName> tellsChanges) {
    this.channels = channels;
    this.store = channels.store();
    this.tellsMembers = tellsMembers;
    this.tellsChanges = name -> !isBeside(name) && tellsChanges.test(name);
    store.onLoss(this::lose);
  }

  private static boolean isBeside(ChannelName name) {
    return name.value().endsWith(SUFFIX);
  }

  /**
   * Whether a name is that of a channel that tells who listens to another. It is created when it is
   * first asked for, and only the server appends to it.
   *
   * @param tellsChanges whether a channel of that name tells who comes and leaves
   */
  public static boolean isOfChanges(String name, Predicate<String> tellsChanges) {
    int length = name.length() - SUFFIX.length();
    if (!name.endsWith(SUFFIX) || length == 0) {
      return false;
    }
    String of = name.substring(0, length);
    return !of.endsWith(SUFFIX) && tellsChanges.test(of);
  }

  /** Who listens to a channel now, here and elsewhere; names only where the channel tells them. */
  public Attendance of(Channel channel) {
    return here(channel).plus(visible(channel.name(), store.elsewhere(channel.name())));
  }

  /** Whether the channel tells the names of who listens. */
  public boolean tellsMembers(ChannelName name) {
    return tellsMembers.test(name);
  }

  private Attendance here(Channel channel) {
    return visible(channel.name(), channel.attendance());
  }

  private Attendance visible(ChannelName name, Attendance all) {
    return all.members().isEmpty() || tellsMembers.test(name)
        ? all
        : new Attendance(all.counts(), Attendance.NONE.members(), all.atLeast());
  }

  /** What the clock does: tells what changed since it last came. */
  public void tick() {
    Set<ChannelName> attended = new HashSet<>();
    for (Channel channel : store.channels()) {
      Attendance now = here(channel);
      if (now.present() > 0) {
        attended.add(channel.name());
      }
      tellSoon(channel.name(), now);
    }
    for (ChannelName name : told.keySet()) {
      if (!attended.contains(name)) {
        tellSoon(name, Attendance.NONE); // the channel itself may be gone
      }
    }
  }

  private void tellSoon(ChannelName name, Attendance now) {
    Attendance before = told.getOrDefault(name, Attendance.NONE);
    // One at a time: of two for one channel the older could come to the store last.
    if (now.equals(before) || !busy.add(name)) {
      return;
    }
    if (!store.start(() -> tell(name, before, now))) {
      busy.remove(name);
    }
  }

  private void tell(ChannelName name, Attendance before, Attendance now) {
    try {
      store.attend(name, now);
      if (now.present() == 0) {
        told.remove(name);
      } else {
        told.put(name, now);
      }
      change(name, before, now, Attendance.NONE);
    } catch (Channels.Refused e) {
      // The clock tries again, since what was told is still what was told before.
      LOG.log(
          Level.FINE, e, () -> "channel \"" + name + "\" – presence was not published, retrying");
    } finally {
      busy.remove(name);
    }
  }

  private void lose(ChannelName name, Attendance lost) {
    Attendance others = told.getOrDefault(name, Attendance.NONE);
    change(name, visible(name, lost), Attendance.NONE, others);
  }

  private void change(ChannelName name, Attendance before, Attendance now, Attendance othersHere) {
    if (!tellsChanges.test(name)
        || name.value().length() + SUFFIX.length() > ChannelName.MAX_LENGTH) {
      return;
    }
    Attendance elsewhere = visible(name, store.elsewhere(name));
    SortedSet<String> others = elsewhere.plus(othersHere).members();
    int difference = now.present() - before.present();
    SortedSet<String> joined = without(now.members(), before.members(), others);
    SortedSet<String> left = without(before.members(), now.members(), others);
    if (difference == 0 && joined.isEmpty() && left.isEmpty()) {
      return; // somebody changed the transport
    }
    Attendance here = told.getOrDefault(name, Attendance.NONE);
    String message =
        "{\"joined\":%d,\"left\":%d,\"present\":%d%s}"
            .formatted(
                Math.max(joined.size(), difference),
                Math.max(left.size(), -difference),
                here.plus(elsewhere).present(),
                tellsMembers.test(name) ? members(joined, left) : "");
    ChannelName beside = new ChannelName(name.value() + SUFFIX);
    Channel channel =
        channels
            .find(beside)
            .orElseGet(
                () -> channels.create(beside, Channels.Request.empty(ContentType.JSON)).channel());
    channel.append(Append.of(List.of(message.getBytes(US_ASCII))));
  }

  private static SortedSet<String> without(
      SortedSet<String> all, SortedSet<String> some, SortedSet<String> others) {
    SortedSet<String> rest = new TreeSet<>(all);
    rest.removeAll(some);
    rest.removeAll(others);
    return rest;
  }

  private static String members(SortedSet<String> joined, SortedSet<String> left) {
    return ",\"members\":{\"joined\":%s,\"left\":%s}".formatted(json(joined), json(left));
  }

  // Names have no characters that JSON would escape.
  private static String json(SortedSet<String> names) {
    return names.stream().map(name -> '"' + name + '"').collect(Collectors.joining(",", "[", "]"));
  }
}
