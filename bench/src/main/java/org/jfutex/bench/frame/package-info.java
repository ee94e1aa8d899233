/** How to measure: cases and their contenders, rounds in which these alternate, and verdicts. */
package org.jfutex.bench.frame;
