package org.jfutex.cli.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The rules of execvp(3). */
class PathSearchTest {
  @TempDir Path folder;

  @Test
  void takesTheFirstThatCanBeExecuted() throws IOException {
    Path first = Files.createDirectory(folder.resolve("first"));
    Path second = Files.createDirectory(folder.resolve("second"));
    Files.createFile(first.resolve("tool"));
    Path tool = executable(second.resolve("tool"));
    assertThat(find("tool", first + ":" + second)).isEqualTo(tool.toString());
  }

  @Test
  void aFolderIsNoProgram() throws IOException {
    Files.createDirectory(folder.resolve("tool"));
    assertThat(find("tool", folder.toString())).isEqualTo("NotFound[]");
  }

  @Test
  void tellsWhatIsThereFromWhatIsNot() throws IOException {
    Files.createFile(folder.resolve("data"));
    assertThat(find("data", folder.toString())).isEqualTo("NotExecutable[]");
    assertThat(find("nothing", folder.toString())).isEqualTo("NotFound[]");
    assertThat(find("", folder.toString())).isEqualTo("NotFound[]");
  }

  @Test
  void aNameWithASlashIsAPath() {
    assertThat(find("./no/such", folder.toString())).isEqualTo("./no/such");
  }

  @Test
  void searchesTheStandardFoldersWithoutAPath() {
    assertThat(find("sh", null)).isEqualTo("/bin/sh");
  }

  private static Path executable(Path file) throws IOException {
    Files.createFile(file);
    assertThat(file.toFile().setExecutable(true)).isTrue();
    return file;
  }

  private static String find(String name, @Nullable String path) {
    PathSearch.Result result = PathSearch.find(name.getBytes(StandardCharsets.UTF_8), path);
    return result instanceof PathSearch.Result.Found found
        ? new String(found.path(), StandardCharsets.UTF_8)
        : result.toString();
  }
}
