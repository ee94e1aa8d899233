package org.jfutex.cli.run.stack;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import org.jfutex.cli.run.stack.ProcMaps.Mapping;
import org.junit.jupiter.api.Test;

class ProcMapsTest {
  private static ProcMaps parse(String text) throws IOException {
    return ProcMaps.parse(new BufferedReader(new StringReader(text)));
  }

  @Test
  void addressesAreFoundInTheirMapping() throws IOException {
    ProcMaps maps =
        parse(
            """
            1000-3000 r-xp 00002000 fe:01 77                         /usr/lib/lib a.so (deleted)
            3000-4000 rw-p 00000000 00:00 0
            7000-8000 r--s 00000000 fe:01 78                         /usr/lib/libb.so
            ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0  [vsyscall]
            """);
    Mapping first = new Mapping(0x1000, 0x3000, 0x2000, true, "/usr/lib/lib a.so (deleted)");
    assertThat(maps.at(0xfff)).isNull();
    assertThat(maps.at(0x1000)).isEqualTo(first);
    assertThat(maps.at(0x2fff)).isEqualTo(first);
    assertThat(maps.at(0x3000)).isEqualTo(new Mapping(0x3000, 0x4000, 0, false, ""));
    assertThat(maps.at(0x5000)).isNull();
    assertThat(maps.at(0x7fff)).isNotNull().returns(true, Mapping::hasFile);
    assertThat(maps.at(0xffffffffff600abcL)).isNotNull().returns("[vsyscall]", Mapping::shortName);
    assertThat(first.hasFile()).isFalse();
    assertThat(first.shortName()).isEqualTo("lib a.so (deleted)");
  }

  @Test
  void linesOfAnotherFormAreLeftOut() throws IOException {
    ProcMaps maps =
        parse(
            """

            nonsense
            1000 r-xp 0 0 0
            xyz-3000 r-xp 00000000 00:00 0
            1000-2000 r-x 00000000 00:00 0
            11111111111111111-2000 r-xp 00000000 00:00 0
            5000-6000 r-xp 00000000 00:00 0
            1000-2000 r-xp 00000000 00:00 0
            7000-8000 r-xp 00000000 00:00 0
            9000-8000 r-xp 00000000 00:00 0
            """);
    assertThat(maps.at(0x1000)).isNull();
    assertThat(maps.at(0x5000)).isNotNull();
  }

  @Test
  void pathsKeepTheirCharactersAndCannotCommandTheTerminal() throws IOException {
    String path = "/tmp/größe\u001b[2J";
    String bytes = new String(path.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    Mapping mapping = parse("1000-2000 r-xp 00000000 00:00 0 " + bytes).at(0x1000);
    assertThat(mapping).isNotNull();
    assertThat(mapping.path()).isEqualTo(path);
    assertThat(mapping.shortName()).isEqualTo("größe?[2J");
  }

  @Test
  void ownMapsHaveCode() throws IOException {
    ProcMaps maps = ProcMaps.of((int) ProcessHandle.current().pid());
    assertThat(maps.at(0)).isNull();
    assertThat(maps.at(0xffffffffff600000L))
        .satisfiesAnyOf(m -> assertThat(m).isNull(), m -> assertThat(m.executable()).isTrue());
  }
}
