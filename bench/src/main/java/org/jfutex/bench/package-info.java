/**
 * Runs benchmarks and reports them. A run goes down one line: {@link org.jfutex.bench.Bench} takes
 * the areas, starts a JVM for each case ({@code CaseProcess}, {@code CaseMain}), reads its samples,
 * makes rows of them and hands those to the reports.
 */
package org.jfutex.bench;
