package org.jfutex.bench.frame;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One line of a report: ours against one peer.
 *
 * @param area the name of the area
 * @param measured the case
 * @param peer whom ours is compared with
 * @param ours the median of our figures; NaN if it could not be measured
 * @param peers the median of the peer's figures; NaN if it could not be measured
 * @param ratio the median of the ratios of each round; NaN if there are none
 * @param lower their first quartile
 * @param upper their third quartile
 * @param allocated how many bytes of objects an operation of ours has made; NaN if not known
 * @param verdict what that says of the target
 * @param note why a row is skipped, or what is to be known of it; may be empty
 */
public record Row(
    String area,
    Case measured,
    Case.Peer peer,
    double ours,
    double peers,
    double ratio,
    double lower,
    double upper,
    double allocated,
    Verdict verdict,
    String note) {
  private static final String UNSETTLED = "the warm-up did not settle";

  /**
   * The rows of a case, one for each peer.
   *
   * @param area the name of the area
   * @param measured the case
   * @param samples what it has measured
   * @return the rows, in the order of the peers
   */
  public static List<Row> of(String area, Case measured, Samples samples) {
    List<Row> rows = new ArrayList<>();
    Samples.Series ours = samples.contenders().getFirst();
    for (int i = 0; i < measured.peers().size(); i++) {
      Samples.Series peer = samples.contenders().get(i + 1);
      rows.add(row(area, measured, measured.peers().get(i), ours, peer, samples.isSettled()));
    }
    return rows;
  }

  private static Row row(
      String area,
      Case measured,
      Case.Peer peer,
      Samples.Series ours,
      Samples.Series theirs,
      boolean isSettled) {
    double oursMedian = median(ours);
    double peerMedian = median(theirs);
    String skipped = ours.skipped().isEmpty() ? theirs.skipped() : ours.skipped();
    if (!skipped.isEmpty()) {
      double none = Double.NaN;
      return new Row(
          area,
          measured,
          peer,
          oursMedian,
          peerMedian,
          none,
          none,
          none,
          ours.allocated(),
          Verdict.SKIPPED,
          skipped);
    }
    Target target = peer.target();
    List<Double> ratios = target.ratios(ours.values(), theirs.values());
    double lower = Statistics.quantile(ratios, 0.25);
    double ratio = Statistics.median(ratios);
    double upper = Statistics.quantile(ratios, 0.75);
    // less than one is what something else makes now and then
    boolean allocates = ours.allocated() >= 1;
    boolean mayNot = measured.terms().allocation() == Case.Allocation.NONE;
    Verdict verdict = allocates && mayNot ? Verdict.MISSED : target.verdict(lower, ratio, upper);
    String made = allocates ? "ours makes " + Numbers.text(ours.allocated()) + " bytes" : "";
    String note =
        Stream.of(isSettled ? "" : UNSETTLED, made, note("ours", ours), note("peer", theirs))
            .filter(text -> !text.isEmpty())
            .collect(Collectors.joining("; "));
    return new Row(
        area,
        measured,
        peer,
        oursMedian,
        peerMedian,
        ratio,
        lower,
        upper,
        ours.allocated(),
        verdict,
        note);
  }

  private static String note(String side, Samples.Series series) {
    return series.note().isEmpty() ? "" : side + " " + series.note();
  }

  private static double median(Samples.Series series) {
    return series.values().isEmpty() ? Double.NaN : Statistics.median(series.values());
  }
}
