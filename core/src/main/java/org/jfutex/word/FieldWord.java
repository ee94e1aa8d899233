package org.jfutex.word;

import java.lang.invoke.VarHandle;
import java.util.HashMap;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A word in a field of an object, through its VarHandle. */
final class FieldWord implements Word {
  private final Object owner;
  private final VarHandle field;
  private final int bits;
  private final Key key;

  private FieldWord(Object owner, VarHandle field, int bits, Key key) {
    this.owner = owner;
    this.field = field;
    this.bits = bits;
    this.key = key;
  }

  static FieldWord of(Object owner, VarHandle field) {
    int bits = bitsOf(field.varType());
    if (bits == 0 || field.coordinateTypes().size() != 1) {
      throw new IllegalArgumentException(
          field + ": expected a handle on an instance field of type byte, short, int or long");
    }
    if (!field.isAccessModeSupported(VarHandle.AccessMode.COMPARE_AND_SET)) {
      throw new IllegalArgumentException(field + ": expected a field that can be written");
    }
    Object checked = field.coordinateTypes().getFirst().cast(owner);
    if (checked == null) {
      throw new NullPointerException("owner");
    }
    // an exact handle would refuse to be called with an Object
    return new FieldWord(
        checked, field.withInvokeBehavior(), bits, Key.heap(checked, FieldIds.idOf(field)));
  }

  private static int bitsOf(Class<?> type) {
    if (type == int.class) {
      return Integer.SIZE;
    }
    if (type == long.class) {
      return Long.SIZE;
    }
    if (type == byte.class) {
      return Byte.SIZE;
    }
    return type == short.class ? Short.SIZE : 0;
  }

  @Override
  public int bits() {
    return bits;
  }

  @Override
  public long load() {
    return switch (bits) {
      case Integer.SIZE -> (int) field.getVolatile(owner);
      case Long.SIZE -> (long) field.getVolatile(owner);
      case Short.SIZE -> (short) field.getVolatile(owner);
      default -> (byte) field.getVolatile(owner);
    };
  }

  @Override
  public boolean compareAndSet(long expected, long value) {
    return switch (bits) {
      case Integer.SIZE -> field.compareAndSet(owner, (int) expected, (int) value);
      case Long.SIZE -> field.compareAndSet(owner, expected, value);
      case Short.SIZE -> field.compareAndSet(owner, (short) expected, (short) value);
      default -> field.compareAndSet(owner, (byte) expected, (byte) value);
    };
  }

  @Override
  public Key key() {
    return key;
  }

  @Override
  public String toString() {
    return "field word " + key;
  }

  /**
   * Numbers the fields, so that every handle on one field gives one number. A handle does not say
   * where its field lies; its nominal description names it.
   */
  private static final class FieldIds {
    /*
     * State       each handle seen -> the number of its field; each field's name -> its number.
     * Guards      everything: LOCK. Handles are held weakly (a handle has identity equality), so a
     *             class that is unloaded takes its handles along; names stay, one for each field.
     * Lock order  LOCK is a leaf: nothing is taken and no user code runs inside.
     * Ordering    none beyond the lock.
     * Progress    the lock is held for a map access; describing a new handle happens before it.
     * Callbacks   none.
     * Checked by  FieldWordTest.
     */
    private static final ReentrantLock LOCK = new ReentrantLock();
    private static final Map<VarHandle, Long> BY_HANDLE = new WeakHashMap<>();
    private static final ClassValue<Map<String, Long>> BY_NAME =
        new ClassValue<>() {
          @Override
          protected Map<String, Long> computeValue(Class<?> type) {
            return new HashMap<>();
          }
        };
    private static final AtomicLong NEXT = new AtomicLong(1);

    static long idOf(VarHandle field) {
      LOCK.lock();
      try {
        Long known = BY_HANDLE.get(field);
        if (known != null) {
          return known;
        }
      } finally {
        LOCK.unlock();
      }
      String name = nameOf(field);
      Class<?> declaring = field.coordinateTypes().getFirst();
      while (declaring.getSuperclass() != null && !declares(declaring, name, field.varType())) {
        declaring = declaring.getSuperclass();
      }
      Map<String, Long> ofClass = BY_NAME.get(declaring);
      LOCK.lock();
      try {
        long id = ofClass.computeIfAbsent(name, _ -> NEXT.getAndIncrement());
        BY_HANDLE.put(field, id);
        return id;
      } finally {
        LOCK.unlock();
      }
    }

    private static String nameOf(VarHandle field) {
      try {
        return field
            .describeConstable()
            .map(VarHandle.VarHandleDesc::constantName)
            .orElseThrow(() -> nameless(field, null));
      } catch (InternalError e) {
        throw nameless(field, e); // JDK 25 knows the field only by the class that declares it
      }
    }

    private static IllegalArgumentException nameless(
        VarHandle field, @Nullable InternalError cause) {
      return new IllegalArgumentException(
          field + ": expected a handle made by Lookup.findVarHandle on the declaring class", cause);
    }

    /** A subclass may hide a field by one of another type, and both can be found in it by name. */
    private static boolean declares(Class<?> type, String name, Class<?> varType) {
      for (var field : type.getDeclaredFields()) {
        if (field.getName().equals(name) && field.getType() == varType) {
          return true;
        }
      }
      return false;
    }
  }
}
