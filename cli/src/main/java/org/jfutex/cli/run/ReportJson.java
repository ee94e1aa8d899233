package org.jfutex.cli.run;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Writes a {@link RunSummary} as one JSON object for other programs. Its fields, which later
 * versions may add to but do not rename:
 *
 * <pre>
 * format               1
 * processes, threads   how many made a call
 * calls                how many calls
 * processList[]        tgid, names[], threads, served (false for a 32-bit process)
 * operations[]         operation, calls, served, passed, refused, unserved: who answered how many;
 *                      of the served ones zero and positive: how many gave 0 or more, sum: these
 *                      results added up, errors: {name: how many}
 * words[]              word, tgid (who waited first), waits, totalNanos, longestNanos, woken,
 *                      waker (tid, 0 for none), wakerWakes
 * otherWords           words, waits, totalNanos, longestNanos: all words not named; or absent
 * missing[]            tgid, tid, nr, operation, call (decoded), args[] (hexadecimal strings),
 *                      disposition (served, refused, passed, unserved), result, stack[], count
 * otherMissing         how many more such calls there were
 * asleep[]             tgid, tid, operation, call (decoded), nanos (so far), stack[] (of the first
 *                      ones): calls that have not returned; empty at the end of a run
 * </pre>
 *
 * <p>Durations are in nanoseconds. A word is its address in hexadecimal; guessed stack frames start
 * with a question mark.
 */
final class ReportJson {
  /** How many words a program may want to sort by itself. */
  static final int TOP_WORDS = 1_000;

  private static final int FORMAT = 1;

  private final JsonGenerator json;

  private ReportJson(JsonGenerator json) {
    this.json = json;
  }

  /**
   * Writes the report and a newline.
   *
   * @param run what was done
   * @param out where to; flushed, not closed
   * @throws IOException from {@code out}
   */
  static void write(RunSummary run, OutputStream out) throws IOException {
    try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
      json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
      json.useDefaultPrettyPrinter();
      new ReportJson(json).write(run);
      json.writeRaw('\n');
    }
  }

  private void write(RunSummary run) throws IOException {
    json.writeStartObject();
    json.writeNumberField("format", FORMAT);
    json.writeNumberField("processes", run.processes());
    json.writeNumberField("threads", run.threads());
    json.writeNumberField("calls", run.calls());
    array("processList", run.listed(), this::process);
    array("operations", run.operations(), this::operation);
    array("words", run.words(), this::word);
    RunSummary.OtherWords others = run.otherWords();
    if (others != null) {
      json.writeObjectFieldStart("otherWords");
      json.writeNumberField("words", others.words());
      waits(others.waits(), others.totalNanos(), others.longestNanos());
      json.writeEndObject();
    }
    array("missing", run.missing(), this::missing);
    json.writeNumberField("otherMissing", run.otherMissing());
    array("asleep", run.asleep(), this::asleep);
    json.writeEndObject();
  }

  private interface Fields<T> {
    void write(T element) throws IOException;
  }

  private <T> void array(String name, List<T> elements, Fields<T> fields) throws IOException {
    json.writeArrayFieldStart(name);
    for (T element : elements) {
      json.writeStartObject();
      fields.write(element);
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private void strings(String name, List<String> values) throws IOException {
    json.writeArrayFieldStart(name);
    for (String value : values) {
      json.writeString(value);
    }
    json.writeEndArray();
  }

  private void process(RunSummary.ProcessLine process) throws IOException {
    json.writeNumberField("tgid", process.tgid());
    strings("names", process.names());
    json.writeNumberField("threads", process.threads());
    json.writeBooleanField("served", !process.unserved32());
  }

  private void operation(RunSummary.OperationLine operation) throws IOException {
    json.writeStringField("operation", operation.name());
    json.writeNumberField("calls", operation.calls());
    json.writeNumberField("served", operation.served());
    json.writeNumberField("passed", operation.passed());
    json.writeNumberField("refused", operation.refused());
    json.writeNumberField("unserved", operation.unserved());
    json.writeNumberField("zero", operation.zero());
    json.writeNumberField("positive", operation.positive());
    json.writeNumberField("sum", operation.sum());
    json.writeObjectFieldStart("errors");
    for (Map.Entry<String, Long> error : operation.errors().entrySet()) {
      json.writeNumberField(error.getKey(), error.getValue());
    }
    json.writeEndObject();
  }

  private void word(RunSummary.WordLine word) throws IOException {
    json.writeStringField("word", word.word());
    json.writeNumberField("tgid", word.tgid());
    waits(word.waits(), word.totalNanos(), word.longestNanos());
    json.writeNumberField("woken", word.woken());
    json.writeNumberField("waker", word.waker());
    json.writeNumberField("wakerWakes", word.wakerWakes());
  }

  private void waits(long waits, long totalNanos, long longestNanos) throws IOException {
    json.writeNumberField("waits", waits);
    json.writeNumberField("totalNanos", totalNanos);
    json.writeNumberField("longestNanos", longestNanos);
  }

  private void asleep(ServedCall call) throws IOException {
    json.writeNumberField("tgid", call.tgid());
    json.writeNumberField("tid", call.tid());
    json.writeStringField("operation", CallText.name(call.operation()));
    json.writeStringField("call", CallText.call(call));
    json.writeNumberField("nanos", call.tookNanos());
    strings("stack", call.stack());
  }

  private void missing(RunSummary.MissingLine missing) throws IOException {
    ServedCall call = missing.first();
    json.writeNumberField("tgid", call.tgid());
    json.writeNumberField("tid", call.tid());
    json.writeNumberField("nr", call.nr());
    json.writeStringField("operation", CallText.name(call.operation()));
    json.writeStringField("call", CallText.call(call));
    json.writeArrayFieldStart("args");
    for (long argument : call.args()) {
      json.writeString("0x" + Long.toHexString(argument));
    }
    json.writeEndArray();
    json.writeStringField("disposition", call.disposition().name().toLowerCase(Locale.ROOT));
    json.writeNumberField("result", call.result());
    strings("stack", call.stack());
    json.writeNumberField("count", missing.count());
  }
}
