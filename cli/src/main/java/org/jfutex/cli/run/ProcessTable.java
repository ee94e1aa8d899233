package org.jfutex.cli.run;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The processes of a run. Used under the lock of {@link RunReport}. */
final class ProcessTable {
  /** How many processes are listed; more are only counted, in one bit each. */
  static final int MAX_LISTED = 1_000;

  /** How many names of one process are kept: the first ones and the last. */
  static final int MAX_NAMES = 4;

  private final Map<Integer, Entry> listed = new LinkedHashMap<>();

  /** Process ids are small: pid_max is at most 4 Mi, so this takes at most 512 KiB. */
  private final BitSet seen = new BitSet();

  private long processes;
  private long threads;

  void processSeen(int tgid, String name, boolean unserved32) {
    if (!seen.get(tgid)) {
      seen.set(tgid);
      processes++;
    }
    Entry entry = listed.get(tgid);
    if (entry == null && listed.size() < MAX_LISTED) {
      entry = new Entry();
      listed.put(tgid, entry);
    }
    if (entry != null) {
      entry.unserved32 |= unserved32;
      entry.addName(HumanText.printable(name));
    }
  }

  void threadSeen(int tgid) {
    threads++;
    Entry entry = listed.get(tgid);
    if (entry != null) {
      entry.threads++;
    }
  }

  long processes() {
    return processes;
  }

  long threads() {
    return threads;
  }

  List<RunSummary.ProcessLine> lines() {
    return listed.entrySet().stream()
        .map(
            e ->
                new RunSummary.ProcessLine(
                    e.getKey(),
                    List.copyOf(e.getValue().names),
                    e.getValue().threads,
                    e.getValue().unserved32))
        .toList();
  }

  private static final class Entry {
    private final List<String> names = new ArrayList<>(1);
    private long threads;
    private boolean unserved32;

    void addName(String name) {
      boolean same = !names.isEmpty() && names.getLast().equals(name);
      if (same) {
        return;
      }
      // the last one is what the process is now, so it is the one before that gives way
      if (names.size() == MAX_NAMES) {
        names.removeLast();
      }
      names.add(name);
    }
  }
}
