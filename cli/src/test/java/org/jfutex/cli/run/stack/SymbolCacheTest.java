package org.jfutex.cli.run.stack;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.jfutex.cli.Tools;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SymbolCacheTest {
  private final SymbolCache cache = new SymbolCache();
  @TempDir private Path folder;

  private Path file(String name) throws IOException {
    return Files.writeString(folder.resolve(name), name);
  }

  private Path elf() throws Exception {
    Tools.require("gcc");
    Path source = Files.writeString(folder.resolve("a.c"), "int main(void) { return 0; }");
    Path elf = folder.resolve("a");
    Process gcc = new ProcessBuilder("gcc", "-o", "" + elf, "" + source).inheritIO().start();
    assertThat(gcc.waitFor()).isZero();
    return elf;
  }

  @Test
  void fileIsReadOnceUnderAllItsNames() throws Exception {
    Path elf = elf();
    ElfSymbols symbols = cache.of(elf);
    assertThat(symbols.size()).isPositive();
    Path link = Files.createLink(folder.resolve("link"), elf);
    assertThat(cache.of(link)).isSameAs(symbols);
  }

  @Test
  void changedFileIsReadAgain() throws Exception {
    Path elf = elf();
    ElfSymbols symbols = cache.of(elf);
    Files.setLastModifiedTime(elf, FileTime.fromMillis(1));
    assertThat(cache.of(elf)).isNotSameAs(symbols);
  }

  @Test
  void oldestFilesAreDroppedAndTheOneInUseStays() throws Exception {
    Path used = elf();
    Path unused = Files.copy(used, folder.resolve("unused"));
    ElfSymbols symbols = cache.of(used);
    ElfSymbols before = cache.of(unused);
    for (int i = 0; i < 2 * SymbolCache.MAX_FILES; i++) {
      cache.of(file("f" + i));
      assertThat(cache.of(used)).isSameAs(symbols);
    }
    assertThat(cache.of(unused)).isNotSameAs(before);
  }

  @Test
  void onlyRegularFilesAreOpened() throws Exception {
    Tools.require("mkfifo");
    Path fifo = folder.resolve("fifo");
    assertThat(new ProcessBuilder("mkfifo", "" + fifo).start().waitFor()).isZero();
    assertThat(cache.of(fifo)).isSameAs(ElfSymbols.NONE); // opening it would wait for a writer
    assertThat(cache.of(folder.resolve("not there"))).isSameAs(ElfSymbols.NONE);
  }
}
