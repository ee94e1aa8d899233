package org.jfutex.house;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MemberSelectTree;
import com.sun.source.tree.MethodInvocationTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.SynchronizedTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import javax.lang.model.element.Modifier;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/** Reads one source file and tells what the house style has against it. */
final class Tidy extends TreeScanner<Void, Void> {
  private static final int FILE_LINES = 600;
  private static final int METHOD_LINES = 70;
  private static final int COLUMNS = 100;
  private static final int LINES_ABOVE = 3;

  private static final List<String> HEADINGS =
      List.of("State", "Guards", "Lock order", "Ordering", "Progress", "Callbacks", "Checked by");

  /** Classes that only lay out the fields of another, where the headings stand. */
  private static final Set<String> LAYOUTS = Set.of("BucketFields.java");

  /** The one that measures monitors, against which our locks are compared. */
  private static final String MONITOR = "bench/src/main/java/org/jfutex/bench/area/Monitor.java";

  private static final Pattern LOCK = Pattern.compile("(Reentrant(ReadWrite)?|Stamped)?Lock");
  private static final Pattern WEAK =
      Pattern.compile(
          "(?!reachability).*Fence|lazySet|get(Acquire|Opaque|Plain)|set(Release|Opaque|Plain)"
              + "|(weakC|c)ompareAnd.*(Acquire|Release|Plain)|getAnd.*(Acquire|Release)");

  private final List<String> findings = new ArrayList<>();
  private final Set<String> handles = new HashSet<>();
  private final List<String> lines;
  private final String name;
  private final CompilationUnitTree unit;
  private final SourcePositions positions;
  private boolean sharesState;

  private Tidy(String name, String text) throws IOException {
    this.name = name;
    this.lines = text.lines().toList();
    JavaFileObject file =
        new SimpleJavaFileObject(URI.create("string:///" + name), JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
          }
        };
    JavacTask task =
        (JavacTask)
            ToolProvider.getSystemJavaCompiler()
                .getTask(null, null, null, List.of("--release", "25"), null, List.of(file));
    this.unit = task.parse().iterator().next();
    this.positions = Trees.instance(task).getSourcePositions();
  }

  /**
   * What is wrong with a file.
   *
   * @param name its name, for the findings
   * @param text its text
   * @return one sentence for each finding; empty for a tidy file
   */
  static List<String> findings(String name, String text) throws IOException {
    Tidy tidy = new Tidy(name, text);
    tidy.readLines();
    tidy.scan(tidy.unit, null);
    tidy.checkHeadings(text);
    return tidy.findings;
  }

  private void readLines() {
    if (lines.size() > FILE_LINES) {
      find(lines.size(), "a file of more than " + FILE_LINES + " lines");
    }
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (line.codePointCount(0, line.length()) > COLUMNS) {
        find(i + 1, "a line of more than " + COLUMNS + " columns");
      }
      if (line.indexOf('\t') >= 0) {
        find(i + 1, "a tab");
      }
      if (line.matches(".*\\b(TODO|FIXME|XXX)\\b.*")) {
        find(i + 1, "work left for later");
      }
      if (line.matches(".*/(work|root|home)/.*|.*/usr/lib/jvm/.*")) {
        find(i + 1, "a path of one machine");
      }
    }
  }

  @Override
  public Void visitMethod(MethodTree method, Void unused) {
    int length = lineOf(positions.getEndPosition(unit, method)) - lineOf(start(method)) + 1;
    if (length > METHOD_LINES) {
      find(method, method.getName() + " has more than " + METHOD_LINES + " lines");
    }
    if (method.getModifiers().getFlags().contains(Modifier.SYNCHRONIZED)) {
      find(method, "a synchronized method");
    }
    return super.visitMethod(method, unused);
  }

  @Override
  public Void visitSynchronized(SynchronizedTree block, Void unused) {
    if (!name.equals(MONITOR)) {
      find(block, "a synchronized block");
    }
    return super.visitSynchronized(block, unused);
  }

  @Override
  public Void visitClass(ClassTree type, Void unused) {
    for (Tree member : type.getMembers()) {
      if (member instanceof VariableTree field) {
        readField(field);
      }
    }
    return super.visitClass(type, unused);
  }

  private void readField(VariableTree field) {
    String type = String.valueOf(field.getType()).replaceFirst(".*\\.", "");
    boolean isVolatile = field.getModifiers().getFlags().contains(Modifier.VOLATILE);
    sharesState |= isVolatile || LOCK.matcher(type).matches();
    if (type.equals("VarHandle")) {
      handles.add(field.getName().toString());
    }
  }

  @Override
  public Void visitMethodInvocation(MethodInvocationTree call, Void unused) {
    if (call.getMethodSelect() instanceof MemberSelectTree select) {
      String method = select.getIdentifier().toString();
      String on = select.getExpression().toString();
      boolean plain = handles.contains(on) && (method.equals("get") || method.equals("set"));
      if (plain || WEAK.matcher(method).matches()) {
        checkPartner(call, on + "." + method);
      }
    }
    return super.visitMethodInvocation(call, unused);
  }

  private void checkPartner(MethodInvocationTree call, String what) {
    int last = lineOf(positions.getEndPosition(unit, call));
    int first = Math.max(1, lineOf(start(call)) - LINES_ABOVE);
    boolean told =
        lines.subList(first - 1, last).stream()
            .map(line -> line.replaceFirst("^\\s*\\*", "//"))
            .anyMatch(line -> line.matches(".*(//|/\\*).*pairs with.*"));
    if (!told) {
      find(call, what + " without a comment that tells what it pairs with");
    }
  }

  private void checkHeadings(String text) {
    if (!sharesState || LAYOUTS.contains(name.substring(name.lastIndexOf('/') + 1))) {
      return;
    }
    int from = 0;
    for (String heading : HEADINGS) {
      var found = Pattern.compile("\n {2,}\\* " + heading + "\\b").matcher(text);
      if (!found.find(from)) {
        find(1, "shared state without the heading " + heading + " in its place");
        return;
      }
      from = found.end();
    }
  }

  private long start(Tree tree) {
    return positions.getStartPosition(unit, tree);
  }

  private int lineOf(long position) {
    return (int) unit.getLineMap().getLineNumber(Math.max(position, 0));
  }

  private void find(Tree tree, String what) {
    find(lineOf(start(tree)), what);
  }

  private void find(int line, String what) {
    findings.add(String.format(Locale.ROOT, "%s:%d: %s", name, line, what));
  }
}
