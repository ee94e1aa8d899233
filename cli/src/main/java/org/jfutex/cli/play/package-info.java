/** Scenarios: their language, and the player that runs them on machines and compares. */
package org.jfutex.cli.play;
