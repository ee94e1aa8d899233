package org.jfutex.cli.run.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.jfutex.cli.run.stack.ElfSymbols.Place;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ElfSymbolsTest {
  private static final int PROGRAM_HEADERS = 64;
  private static final int SECTION_HEADERS = PROGRAM_HEADERS + 56;
  private static final int STRINGS = SECTION_HEADERS + 3 * 64;
  private static final int STRING_BYTES = 256;
  private static final int SYMBOLS = STRINGS + STRING_BYTES;
  private static final int MAX_SYMBOLS = 10;
  private static final int LOCAL_FUNCTION = 2;
  private static final int GLOBAL_FUNCTION = 0x12;
  private static final int GLOBAL_OBJECT = 0x11;

  @TempDir private Path folder;

  /** An ELF file with one segment, a string table and one symbol table. */
  private static final class Elf {
    private final ByteBuffer bytes =
        ByteBuffer.allocate(SYMBOLS + MAX_SYMBOLS * 24).order(ByteOrder.LITTLE_ENDIAN);
    private int strings = 1;
    private int symbols;

    Elf() {
      bytes.put(0, new byte[] {0x7f, 'E', 'L', 'F', 2, 1});
      bytes.putLong(32, PROGRAM_HEADERS).putLong(40, SECTION_HEADERS);
      bytes.putShort(54, (short) 56).putShort(56, (short) 1);
      bytes.putShort(58, (short) 64).putShort(60, (short) 3);
      // the bytes of the file from 0x1000 on are linked for 0x401000
      bytes.putInt(PROGRAM_HEADERS, 1).putLong(PROGRAM_HEADERS + 8, 0x1000);
      bytes.putLong(PROGRAM_HEADERS + 16, 0x401000).putLong(PROGRAM_HEADERS + 32, 0x2000);
      section(1, 3, STRINGS, STRING_BYTES, 0);
      section(2, 2, SYMBOLS, 0, 1);
    }

    private void section(int index, int type, long offset, long size, int link) {
      int at = SECTION_HEADERS + index * 64;
      bytes.putInt(at + 4, type).putLong(at + 24, offset).putLong(at + 32, size);
      bytes.putInt(at + 40, link);
    }

    Elf symbol(String name, long address, long size, int info) {
      byte[] text = name.getBytes(StandardCharsets.ISO_8859_1);
      bytes.put(STRINGS + strings, text);
      int at = SYMBOLS + 24 * symbols;
      bytes.putInt(at, strings).put(at + 4, (byte) info).putShort(at + 6, (short) 1);
      bytes.putLong(at + 8, address).putLong(at + 16, size);
      strings += text.length + 1;
      symbols++;
      section(2, 2, SYMBOLS, symbols * 24L, 1);
      return this;
    }
  }

  private ElfSymbols read(byte[] bytes) throws IOException {
    return ElfSymbols.of(Files.write(folder.resolve("elf"), bytes));
  }

  private ElfSymbols read(Elf elf) throws IOException {
    return read(elf.bytes.array());
  }

  @Test
  void addressBelongsToTheFunctionAroundIt() throws IOException {
    ElfSymbols symbols =
        read(
            new Elf()
                .symbol("second", 0x401100, 0x10, GLOBAL_FUNCTION)
                .symbol("first", 0x401000, 0x20, LOCAL_FUNCTION)
                .symbol("unsized", 0x401200, 0, LOCAL_FUNCTION)
                .symbol("data", 0x401030, 0x10, GLOBAL_OBJECT));
    assertThat(symbols.size()).isEqualTo(3);
    assertThat(symbols.at(0x400fff)).isNull();
    assertThat(symbols.at(0x401000)).isEqualTo(new Place("first", 0));
    assertThat(symbols.at(0x40101f)).isEqualTo(new Place("first", 0x1f));
    assertThat(symbols.at(0x401020)).isNull();
    assertThat(symbols.at(0x401035)).isNull();
    assertThat(symbols.at(0x40110f)).isEqualTo(new Place("second", 0xf));
    assertThat(symbols.at(0x401234)).isEqualTo(new Place("unsized", 0x34));
  }

  @Test
  void segmentsMapTheFileToAddresses() throws IOException {
    ElfSymbols symbols = read(new Elf().symbol("f", 0x401000, 4, GLOBAL_FUNCTION));
    assertThat(symbols.address(0x1000)).isEqualTo(0x401000);
    assertThat(symbols.address(0x2fff)).isEqualTo(0x402fff);
    assertThat(symbols.address(0x3000)).isEqualTo(0x3000);
    assertThat(symbols.address(0xfff)).isEqualTo(0xfff);
  }

  @Test
  void bestKnownNameOfAnAddressIsShown() throws IOException {
    ElfSymbols symbols =
        read(
            new Elf()
                .symbol("$x", 0x401000, 0, GLOBAL_FUNCTION)
                .symbol("__internal", 0x401000, 8, LOCAL_FUNCTION)
                .symbol("known", 0x401000, 8, GLOBAL_FUNCTION)
                .symbol("weak", 0x401000, 8, 0x22));
    assertThat(symbols.at(0x401001)).isEqualTo(new Place("known", 1));
  }

  @Test
  void namesCannotCommandTheTerminal() throws IOException {
    ElfSymbols symbols = read(new Elf().symbol("a\u001b[2Jb\u00ff", 0x401000, 8, GLOBAL_FUNCTION));
    assertThat(symbols.at(0x401000)).isEqualTo(new Place("a?[2Jb?", 0));
  }

  @Test
  void nameWithoutAnEndIsCut() throws IOException {
    Elf elf = new Elf().symbol("f", 0x401000, 8, GLOBAL_FUNCTION);
    byte[] bytes = Arrays.copyOf(elf.bytes.array(), 100_000);
    Arrays.fill(bytes, SYMBOLS + 24, bytes.length, (byte) 'z');
    ByteBuffer broken = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    broken.putLong(SECTION_HEADERS + 64 + 32, 99_000).putInt(SYMBOLS, 5_000);
    Place place = read(bytes).at(0x401000);
    assertThat(place).isNotNull();
    assertThat(place.name()).hasSizeBetween(500, 600).endsWith("...");
  }

  @Test
  void otherFilesHaveNoNames() throws IOException {
    assertThat(read(new byte[0]).size()).isZero();
    assertThat(read("#!/bin/sh\n".repeat(20).getBytes(StandardCharsets.UTF_8)).size()).isZero();
    Elf elf32 = new Elf().symbol("f", 0x401000, 4, GLOBAL_FUNCTION);
    elf32.bytes.put(4, (byte) 1);
    assertThat(read(elf32).size()).isZero();
    assertThat(ElfSymbols.of(folder.resolve("not there")).size()).isZero();
    assertThat(ElfSymbols.of(folder).size()).isZero();
  }

  @Test
  void stringTableThatLeavesTheFileGivesNoNames() throws IOException {
    Elf elf = new Elf().symbol("f", 0x401000, 4, GLOBAL_FUNCTION);
    elf.bytes.putLong(SECTION_HEADERS + 64 + 32, elf.bytes.capacity());
    assertThat(read(elf).size()).isZero();
  }

  @Test
  void everyTruncationIsSurvived() throws IOException {
    byte[] whole = new Elf().symbol("f", 0x401000, 4, GLOBAL_FUNCTION).bytes.array();
    for (int length = 0; length < whole.length; length += 3) {
      ElfSymbols symbols = read(Arrays.copyOf(whole, length));
      assertThatCode(() -> symbols.at(0x401001)).doesNotThrowAnyException();
    }
  }

  @Test
  void everyOffsetAndSizeMayLie() throws IOException {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    byte[] whole =
        new Elf()
            .symbol("f", 0x401000, 4, GLOBAL_FUNCTION)
            .symbol("g", 0x401010, 4, GLOBAL_FUNCTION)
            .bytes
            .array();
    long[] lies = {0, 1, -1, 24, whole.length, Integer.MAX_VALUE, Long.MAX_VALUE, Long.MIN_VALUE};
    for (int round = 0; round < 3_000; round++) {
      ByteBuffer broken = ByteBuffer.wrap(whole.clone()).order(ByteOrder.LITTLE_ENDIAN);
      for (int lie = 0; lie <= round % 3; lie++) {
        long value = random.nextBoolean() ? lies[random.nextInt(lies.length)] : random.nextLong();
        int at = 16 + random.nextInt(whole.length - 24);
        if (random.nextBoolean()) {
          broken.putLong(at & ~7, value);
        } else {
          broken.putShort(at & ~1, (short) value);
        }
      }
      assertThatCode(
              () -> {
                ElfSymbols symbols = read(broken.array());
                symbols.at(0x401001);
                symbols.address(0x1000);
                symbols.at(random.nextLong());
              })
          .as("seed %d round %d", seed, round)
          .doesNotThrowAnyException();
    }
  }

  @Test
  void tablesThatClaimTooMuchAreCutShort() throws IOException {
    // 60000 sections that are all one large table: read whole, they would take hours
    int sections = 60_000;
    int tables = 64 + sections * 64;
    int size = (ElfSymbols.MAX_FUNCTIONS + 1_000) * 24;
    ByteBuffer bytes = ByteBuffer.allocate(tables + size).order(ByteOrder.LITTLE_ENDIAN);
    bytes.put(0, new byte[] {0x7f, 'E', 'L', 'F', 2, 1});
    bytes.putLong(40, 64).putShort(58, (short) 64).putShort(60, (short) sections);
    for (int i = 0; i < sections; i++) {
      int at = 64 + i * 64;
      bytes.putInt(at + 4, 2).putLong(at + 24, tables).putLong(at + 32, size).putInt(at + 40, 1);
    }
    for (int at = tables; at + 24 <= bytes.capacity(); at += 24) {
      bytes.putInt(at, 1).put(at + 4, (byte) GLOBAL_FUNCTION).putShort(at + 6, (short) 1);
      bytes.putLong(at + 8, at);
    }
    assertThat(read(bytes.array()).size()).isEqualTo(ElfSymbols.MAX_FUNCTIONS);
  }
}
