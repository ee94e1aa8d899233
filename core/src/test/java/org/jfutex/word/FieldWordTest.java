package org.jfutex.word;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.junit.jupiter.api.Test;

class FieldWordTest {
  private static final VarHandle INT = field(Cells.class, "first", int.class);

  @Test
  void readsAndWritesFieldsOfEveryWidth() {
    Cells cells = new Cells();
    assertUses(Word.of(cells, field(Cells.class, "aByte", byte.class)), 8);
    assertUses(Word.of(cells, field(Cells.class, "aShort", short.class)), 16);
    assertUses(Word.of(cells, INT), 32);
    assertUses(Word.of(cells, field(Cells.class, "aLong", long.class)), 64);
    assertThat(cells.aByte).isEqualTo((byte) -2);
    assertThat(cells.aShort).isEqualTo((short) -2);
    assertThat(cells.first).isEqualTo(-2);
    assertThat(cells.aLong).isEqualTo(-2);
    assertThat(cells.second).isZero();
  }

  private static void assertUses(Word word, int bits) {
    assertThat(word.bits()).isEqualTo(bits);
    assertThat(word.compareAndSet(1, 5)).isFalse();
    assertThat(word.compareAndSet(0, -2)).isTrue();
    assertThat(word.load()).isEqualTo(-2);
    assertThat(word.holds(-2)).isTrue();
    assertThat(word.toString()).contains(word.key().toString());
  }

  @Test
  void handlesOnOneFieldGiveEqualKeysAndOthersDoNot() {
    Cells cells = new Cells();
    Key key = Word.of(cells, INT).key();
    assertThat(Word.of(cells, field(Cells.class, "first", int.class)).key()).isEqualTo(key);
    assertThat(Word.of(cells, INT.withInvokeExactBehavior()).key()).isEqualTo(key);
    assertThat(Word.of(cells, field(Cells.class, "second", int.class)).key()).isNotEqualTo(key);
    assertThat(Word.of(new Cells(), INT).key()).isNotEqualTo(key);
    assertThat(Word.of(new MoreCells(), INT).key()).isNotEqualTo(key);
  }

  @Test
  void anExactHandleWorksLikeAnyOther() {
    Cells cells = new Cells();
    assertUses(Word.of(cells, INT.withInvokeExactBehavior()), 32);
  }

  @Test
  void refusesWhatIsNotAWritableIntegerField() {
    Cells cells = new Cells();
    assertRefused(cells, field(Cells.class, "aFloat", float.class));
    assertRefused(cells, field(Cells.class, "aChar", char.class));
    assertRefused(cells, field(Cells.class, "constant", int.class));
    assertRefused(new int[1], MethodHandles.arrayElementVarHandle(int[].class));
    assertRefused(cells, staticField());
  }

  private static void assertRefused(Object owner, VarHandle field) {
    assertThatIllegalArgumentException().isThrownBy(() -> Word.of(owner, field));
  }

  @Test
  void refusesAnOwnerWithoutTheField() {
    assertThatExceptionOfType(ClassCastException.class).isThrownBy(() -> Word.of("text", INT));
    assertThatNullPointerException().isThrownBy(() -> Word.of((Object) null, INT));
  }

  private static VarHandle field(Class<?> owner, String name, Class<?> type) {
    try {
      return MethodHandles.lookup().findVarHandle(owner, name, type);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(name, e);
    }
  }

  private static VarHandle staticField() {
    try {
      return MethodHandles.lookup().findStaticVarHandle(Cells.class, "shared", int.class);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("shared", e);
    }
  }

  @SuppressWarnings("unused")
  private static class Cells {
    static int shared;
    final int constant = System.identityHashCode(this);
    byte aByte;
    short aShort;
    int first;
    int second;
    long aLong;
    float aFloat;
    char aChar;
  }

  private static final class MoreCells extends Cells {}
}
