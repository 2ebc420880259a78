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
 * Who is present in each channel, here and at the other servers. Changes are published once a
 * second: to the other servers, and, if settings ask for it, as a message on the channel {@code
 * name~presence}.
 *
 * <p><b>Threads.</b> Safe.
 *
 * <p><b>Cost.</b> Each tick walks all subscriptions; a channel that changed costs one write to the
 * store, however many clients joined and left.
 */
public final class Presence {

  private static final Logger LOG = Logger.getLogger(Presence.class.getName());
  private static final String SUFFIX = "~presence";

  private final Channels channels;
  private final Store store;
  private final Predicate<ChannelName> tellsMembers;
  private final Predicate<ChannelName> tellsChanges;
  private final Map<ChannelName, PresenceSnapshot> told = new ConcurrentHashMap<>();
  private final Set<ChannelName> busy = ConcurrentHashMap.newKeySet();

  /**
   * Nothing is known yet.
   *
   * @param tellsMembers channels whose presence includes the names that clients give
   * @param tellsChanges channels whose changes are published
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
   * Whether a name is that of a channel for changes of another one's presence. It is created at the
   * first request, and only the server appends to it.
   *
   * @param tellsChanges whether the changes of a channel of that name are published
   */
  public static boolean isOfChanges(String name, Predicate<String> tellsChanges) {
    int length = name.length() - SUFFIX.length();
    if (!name.endsWith(SUFFIX) || length == 0) {
      return false;
    }
    String of = name.substring(0, length);
    return !of.endsWith(SUFFIX) && tellsChanges.test(of);
  }

  /** Who is present in a channel now, at all servers; names only if the channel includes them. */
  public PresenceSnapshot of(Channel channel) {
    return here(channel).plus(visible(channel.name(), store.elsewhere(channel.name())));
  }

  /** Whether the presence of the channel includes names. */
  public boolean tellsMembers(ChannelName name) {
    return tellsMembers.test(name);
  }

  private PresenceSnapshot here(Channel channel) {
    return visible(channel.name(), channel.attendance());
  }

  private PresenceSnapshot visible(ChannelName name, PresenceSnapshot all) {
    return all.members().isEmpty() || tellsMembers.test(name)
        ? all
        : new PresenceSnapshot(all.counts(), PresenceSnapshot.NONE.members(), all.atLeast());
  }

  /** Once a second: publishes what changed since the last time. */
  public void tick() {
    Set<ChannelName> attended = new HashSet<>();
    for (Channel channel : store.channels()) {
      PresenceSnapshot now = here(channel);
      if (now.present() > 0) {
        attended.add(channel.name());
      }
      tellSoon(channel.name(), now);
    }
    for (ChannelName name : told.keySet()) {
      if (!attended.contains(name)) {
        tellSoon(name, PresenceSnapshot.NONE); // the channel itself may be gone
      }
    }
  }

  private void tellSoon(ChannelName name, PresenceSnapshot now) {
    PresenceSnapshot before = told.getOrDefault(name, PresenceSnapshot.NONE);
    // One at a time, or an older change could overwrite a newer one in the store.
    if (now.equals(before) || !busy.add(name)) {
      return;
    }
    if (!store.start(() -> tell(name, before, now))) {
      busy.remove(name);
    }
  }

  private void tell(ChannelName name, PresenceSnapshot before, PresenceSnapshot now) {
    try {
      store.attend(name, now);
      if (now.present() == 0) {
        told.remove(name);
      } else {
        told.put(name, now);
      }
      change(name, before, now, PresenceSnapshot.NONE);
    } catch (Channels.Refused e) {
      // The next tick tries again, since the published state is unchanged.
      LOG.log(
          Level.FINE, e, () -> "channel \"" + name + "\" – presence was not published, retrying");
    } finally {
      busy.remove(name);
    }
  }

  private void lose(ChannelName name, PresenceSnapshot lost) {
    PresenceSnapshot others = told.getOrDefault(name, PresenceSnapshot.NONE);
    change(name, visible(name, lost), PresenceSnapshot.NONE, others);
  }

  private void change(
      ChannelName name,
      PresenceSnapshot before,
      PresenceSnapshot now,
      PresenceSnapshot othersHere) {
    if (!tellsChanges.test(name)
        || name.value().length() + SUFFIX.length() > ChannelName.MAX_LENGTH) {
      return;
    }
    PresenceSnapshot elsewhere = visible(name, store.elsewhere(name));
    SortedSet<String> others = elsewhere.plus(othersHere).members();
    int difference = now.present() - before.present();
    SortedSet<String> joined = without(now.members(), before.members(), others);
    SortedSet<String> left = without(before.members(), now.members(), others);
    if (difference == 0 && joined.isEmpty() && left.isEmpty()) {
      return; // a client changed its transport
    }
    PresenceSnapshot here = told.getOrDefault(name, PresenceSnapshot.NONE);
    String message =
        // %d would write the digits of the server's language
        "{\"joined\":%s,\"left\":%s,\"present\":%s%s}"
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
