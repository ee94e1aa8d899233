/**
 * How waiters sleep and are told: threads by parking, everybody else by a call. The only package
 * that parks. Not exported to users.
 */
package org.jfutex.park;
