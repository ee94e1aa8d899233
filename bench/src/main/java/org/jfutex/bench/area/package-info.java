/** What is measured: one class for each area. */
package org.jfutex.bench.area;
