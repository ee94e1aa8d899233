package org.jfutex.cli.probe;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jfutex.Capabilities;
import org.jfutex.kernel.KernelFeatures.Feature;
import org.jspecify.annotations.Nullable;

/**
 * What was found out.
 *
 * @param release the release of the kernel, as uname(1) tells it
 * @param features what the kernel has
 * @param jvm what the Java engine can do
 * @param kernel what the kernel backend can do; null if it cannot work
 * @param why why it cannot; empty if it can
 */
record ProbeReport(
    String release,
    List<Feature> features,
    Capabilities jvm,
    @Nullable Capabilities kernel,
    String why) {

  /** As a table for people, lines ended by newlines. */
  String asText() {
    StringBuilder out = new StringBuilder("kernel " + release + "\n\n");
    int width = features.stream().mapToInt(feature -> feature.name().length()).max().orElse(0);
    for (Feature feature : features) {
      String row = "%%-%ds  %%-3s  %%s%%n".formatted(width);
      out.append(
          row.formatted(feature.name(), feature.present() ? "yes" : "no", feature.meaning()));
    }
    out.append('\n');
    List<Map<String, Object>> columns = new ArrayList<>(List.of(fields(jvm)));
    if (kernel != null) {
      columns.add(fields(kernel));
    }
    for (String name : fields(jvm).keySet()) {
      out.append("%-18s".formatted(name));
      columns.forEach(column -> out.append("  %-12s".formatted(cell(column.get(name)))));
      out.setLength(out.toString().stripTrailing().length());
      out.append('\n');
    }
    if (!why.isEmpty()) {
      out.append("\nno kernel backend: ").append(why).append('\n');
    }
    return out.toString();
  }

  private static String cell(@Nullable Object value) {
    return switch (value) {
      case Boolean yes -> yes ? "yes" : "no";
      case List<?> several ->
          several.stream().map(String::valueOf).collect(Collectors.joining(" "));
      case null, default -> String.valueOf(value);
    };
  }

  /** As one JSON object. */
  String asJson() throws IOException {
    StringWriter out = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
      json.useDefaultPrettyPrinter();
      json.writeStartObject();
      json.writeNumberField("format", 1);
      json.writeStringField("release", release);
      json.writeArrayFieldStart("features");
      for (Feature feature : features) {
        json.writeStartObject();
        json.writeStringField("name", feature.name());
        json.writeBooleanField("present", feature.present());
        json.writeStringField("meaning", feature.meaning());
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeArrayFieldStart("backends");
      writeBackend(json, jvm);
      if (kernel != null) {
        writeBackend(json, kernel);
      }
      json.writeEndArray();
      if (!why.isEmpty()) {
        json.writeStringField("noKernelBackend", why);
      }
      json.writeEndObject();
    }
    return out + "\n";
  }

  private static void writeBackend(JsonGenerator json, Capabilities backend) throws IOException {
    json.writeStartObject();
    for (Map.Entry<String, Object> field : fields(backend).entrySet()) {
      json.writeFieldName(field.getKey());
      switch (field.getValue()) {
        case Boolean flag -> json.writeBoolean(flag);
        case Integer number -> json.writeNumber(number);
        case List<?> numbers -> {
          json.writeStartArray();
          for (Object number : numbers) {
            json.writeNumber((Integer) number);
          }
          json.writeEndArray();
        }
        case Object text -> json.writeString(text.toString());
      }
    }
    json.writeEndObject();
  }

  private static Map<String, Object> fields(Capabilities backend) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("backend", backend.backend());
    fields.put("widths", List.copyOf(new TreeSet<>(backend.widths())));
    fields.put("maxEntries", backend.maxEntries());
    fields.put("heapWords", backend.heapWords());
    fields.put("acrossProcesses", backend.acrossProcesses());
    fields.put("virtualThreads", backend.virtualThreads());
    fields.put("exactCounts", backend.exactCounts());
    fields.put("bitsets", backend.bitsets());
    fields.put("ranks", backend.ranks());
    fields.put("mixedScopes", backend.mixedScopes());
    fields.put("observers", backend.observers());
    return fields;
  }
}
