/** {@code jfutex bench}: measures jfutex beside its peers. */
package org.jfutex.cli.bench;
