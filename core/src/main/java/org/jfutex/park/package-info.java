/**
 * How waiters sleep and are told: threads by parking, everybody else by a call. The only package
 * that parks, but for the service {@link org.jfutex.park.PlatformParker}. Not exported to users.
 */
package org.jfutex.park;
