package org.jfutex.cli.run;

import java.util.List;

/**
 * Tells several sinks, in order.
 *
 * @param sinks the sinks
 */
record TeeSink(List<CallSink> sinks) implements CallSink {
  TeeSink {
    sinks = List.copyOf(sinks);
  }

  @Override
  public void served(ServedCall call) {
    sinks.forEach(sink -> sink.served(call));
  }

  @Override
  public void processSeen(int tgid, String name, boolean unserved32) {
    sinks.forEach(sink -> sink.processSeen(tgid, name, unserved32));
  }

  @Override
  public void threadSeen(int tgid, int tid) {
    sinks.forEach(sink -> sink.threadSeen(tgid, tid));
  }
}
