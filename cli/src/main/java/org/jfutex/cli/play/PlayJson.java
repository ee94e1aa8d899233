package org.jfutex.cli.play;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Locale;
import org.jfutex.cli.play.Played.Failure;
import org.jspecify.annotations.Nullable;

/**
 * Writes what came of scenarios as one JSON object for other programs. Its fields, which later
 * versions may add to but do not rename:
 *
 * <pre>
 * format                     1
 * passed, failed, skipped    as in the last line for people
 * scenarios[]                file, title,
 *   runs[]                   backend, result (passed, failed, skipped), reason (of a skip), nanos,
 *                            failure: line, statement, expected, got; or absent
 *                            known: why the failure is right; or absent
 *   differences[]            backend, line (0: in the end), what, jvm, kernel,
 *                            known: why it is right; or absent
 *   outdated[]               listed differences that were not seen
 * </pre>
 */
final class PlayJson {
  private static final int FORMAT = 1;

  private final JsonGenerator json;

  private PlayJson(JsonGenerator json) {
    this.json = json;
  }

  /**
   * Writes the report and a newline.
   *
   * @param verdicts what came of each scenario
   * @param out where to; flushed, not closed
   * @throws IOException from {@code out}
   */
  static void write(List<Verdict> verdicts, OutputStream out) throws IOException {
    try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
      json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
      json.useDefaultPrettyPrinter();
      new PlayJson(json).write(verdicts);
      json.writeRaw('\n');
    }
  }

  private void write(List<Verdict> verdicts) throws IOException {
    json.writeStartObject();
    json.writeNumberField("format", FORMAT);
    json.writeNumberField("passed", PlayText.passed(verdicts));
    json.writeNumberField("failed", PlayText.failed(verdicts));
    json.writeNumberField("skipped", PlayText.skipped(verdicts));
    json.writeArrayFieldStart("scenarios");
    for (Verdict verdict : verdicts) {
      json.writeStartObject();
      json.writeStringField("file", verdict.file());
      json.writeStringField("title", verdict.title());
      json.writeArrayFieldStart("runs");
      for (Verdict.Run run : verdict.runs()) {
        run(run);
      }
      json.writeEndArray();
      json.writeArrayFieldStart("differences");
      for (Verdict.Judged judged : verdict.differences()) {
        difference(judged);
      }
      json.writeEndArray();
      json.writeArrayFieldStart("outdated");
      for (String entry : verdict.outdated()) {
        json.writeString(entry);
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private void run(Verdict.Run run) throws IOException {
    json.writeStartObject();
    json.writeStringField("backend", run.backend());
    json.writeStringField("result", run.state().name().toLowerCase(Locale.ROOT));
    optional("reason", run.skipped());
    Played played = run.played();
    if (played != null) {
      json.writeNumberField("nanos", played.nanos());
      Failure failure = played.failure();
      if (failure != null) {
        json.writeObjectFieldStart("failure");
        json.writeNumberField("line", failure.line());
        json.writeStringField("statement", failure.statement());
        json.writeStringField("expected", failure.expected());
        json.writeStringField("got", failure.got());
        json.writeEndObject();
      }
    }
    optional("known", run.known());
    json.writeEndObject();
  }

  private void difference(Verdict.Judged judged) throws IOException {
    json.writeStartObject();
    json.writeStringField("backend", judged.backend());
    json.writeNumberField("line", judged.difference().line());
    json.writeStringField("what", judged.difference().what());
    json.writeStringField("jvm", judged.difference().jvm());
    json.writeStringField("kernel", judged.difference().kernel());
    optional("known", judged.known());
    json.writeEndObject();
  }

  private void optional(String name, @Nullable String value) throws IOException {
    if (value != null) {
      json.writeStringField(name, value);
    }
  }
}
