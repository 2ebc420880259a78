package switchboard.channel;

import java.util.Collection;
import java.util.EnumMap;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * A value for each constant of an enum; none is missing.
 *
 * <p><b>Threads.</b> Immutable, if the values are.
 */
public final class EnumTable<K extends Enum<K>, V> {

  private final EnumMap<K, V> values;

  /** A new value for each. */
  public EnumTable(Class<K> keys, Supplier<V> value) {
    values = new EnumMap<>(keys);
    for (K key : keys.getEnumConstants()) {
      values.put(key, value.get());
    }
  }

  /** The value of one. */
  public V get(K key) {
    return Objects.requireNonNull(values.get(key));
  }

  /** The values of all, in the order of the constants. */
  public Collection<V> values() {
    return values.values();
  }
}
