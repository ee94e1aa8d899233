/** {@code jfutex probe}: what the running kernel offers and what each backend can do. */
package org.jfutex.cli.probe;
