package org.jfutex.cli;

import java.io.Console;
import java.io.PrintWriter;
import java.lang.module.ModuleDescriptor;
import java.util.List;
import java.util.Optional;
import org.jfutex.cli.bench.BenchCommand;
import org.jfutex.cli.fuzz.FuzzCommand;
import org.jfutex.cli.play.PlayCommand;
import org.jfutex.cli.probe.ProbeCommand;
import org.jfutex.cli.run.RunCommand;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command {@code jfutex}: reads the command line and hands over to the command it names. */
@Command(
    name = "jfutex",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    description = "The Linux futex subsystem in Java.",
    commandListHeading = "%nCommands:%n",
    footer = {
      "",
      "Shell completion for bash: source <(jfutex generate-completion)",
      "Environment: JFUTEX_JAVA_HOME names the JDK, JFUTEX_OPTS holds options for it.",
    },
    exitCodeListHeading = "%nExit statuses:%n",
    exitCodeList = {
      "0:all went well",
      "1:the command did its work and found a problem",
      "2:the command line is wrong",
      "66:something needed is missing, such as a build of jfutex",
      "70:an error in jfutex, or its build failed",
      "78:this system cannot do what was asked",
    })
public final class Main implements Runnable {
  /** The commands that do work, in the order the help lists them. */
  private static final List<Class<?>> COMMANDS =
      List.of(
          RunCommand.class,
          PlayCommand.class,
          FuzzCommand.class,
          ProbeCommand.class,
          BenchCommand.class);

  @Spec private CommandSpec spec;

  // picocli sets the field before anything can read it
  @SuppressWarnings("NullAway.Init")
  Main() {}

  /** Nothing can be done without a command. */
  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "no command given");
  }

  /**
   * Runs the command line and ends the JVM with its status.
   *
   * @param args the arguments
   */
  public static void main(String[] args) {
    int status;
    try {
      status = commandLine(args).execute(args);
    } catch (
        Error e) { // such as no memory; the JVM's own status would say that a problem was found
      System.err.print("jfutex: internal error: ");
      e.printStackTrace();
      status = ExitStatus.INTERNAL;
    }
    System.out.flush();
    System.exit(status);
  }

  /**
   * The command line, with the one command that is named first, or with all. Picocli reads a
   * command's options by reflection, which is most of the start: those of others are not wanted.
   */
  private static CommandLine commandLine(String[] args) {
    CommandLine line =
        new CommandLine(new Main())
            .setExpandAtFiles(false) // @NAME may be an argument of the program to run
            // AUTO honours NO_COLOR
            .setColorScheme(Help.defaultColorScheme(isTerminal() ? Ansi.AUTO : Ansi.OFF))
            .setParameterExceptionHandler(Main::misused)
            .setExecutionExceptionHandler(Main::failed);
    String first = args.length == 0 ? "" : args[0];
    if (List.of("--version", "-V").contains(first)) {
      return line;
    }
    List<Class<?>> named = COMMANDS.stream().filter(each -> nameOf(each).equals(first)).toList();
    for (Class<?> command : named.isEmpty() ? COMMANDS : named) {
      line.addSubcommand(command);
    }
    if (named.isEmpty()) {
      line.addSubcommand(HelpCommand.class).addSubcommand(GenerateCompletion.class);
    }
    // options behind the name of a program are the program's
    line.getSubcommands()
        .values()
        .forEach(each -> each.setStopAtPositional(each.getCommand() instanceof RunCommand));
    return line;
  }

  private static String nameOf(Class<?> command) {
    return command.getAnnotation(Command.class).name();
  }

  /** Whether standard input and output are a terminal. */
  @SuppressWarnings(
      "SystemConsoleNull") // without a terminal it is null in some JDKs, in others not
  public static boolean isTerminal() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }

  private static int misused(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("jfutex: " + e.getMessage());
    if (e instanceof UnmatchedArgumentException unmatched) {
      unmatched.getSuggestions().stream()
          .findFirst()
          .ifPresent(name -> err.println("jfutex: did you mean " + name + "?"));
    }
    err.println("try '" + command.getCommandSpec().qualifiedName() + " --help'");
    err.flush();
    return ExitStatus.USAGE;
  }

  private static int failed(Exception e, CommandLine command, CommandLine.ParseResult parsed) {
    PrintWriter err = command.getErr();
    err.print("jfutex: internal error: ");
    e.printStackTrace(err);
    err.flush();
    return ExitStatus.INTERNAL;
  }

  /** The version of this module and of the JDK that runs it. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version =
          Optional.ofNullable(Main.class.getModule().getDescriptor())
              .flatMap(ModuleDescriptor::rawVersion)
              .orElse("(unpackaged)");
      return new String[] {
        "jfutex " + version, "JDK " + Runtime.version() + ", " + System.getProperty("java.home")
      };
    }
  }
}
