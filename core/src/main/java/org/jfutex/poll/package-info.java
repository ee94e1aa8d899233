/**
 * Readiness: one thread waits for many things of any kind. A {@link org.jfutex.poll.Pollee} is the
 * part of an object that knows what it is ready for, and tells who waits.
 *
 * <p>The names of the discussion that this comes from (Asterinas, issue 1356 and pull request
 * 1616), and ours:
 *
 * <table>
 * <caption>Names</caption>
 * <tr><th>there</th><th>here</th></tr>
 * <tr><td>{@code events()}</td><td>{@code Pollee.poll} without a poller</td></tr>
 * <tr><td>{@code update_events()}</td><td>what a poll does with what it has computed</td></tr>
 * <tr><td>{@code notify_events()}, {@code notify}</td><td>{@code Pollee.notifyEvents}</td></tr>
 * <tr><td>{@code clear_events()}, {@code invalidate}</td><td>{@code Pollee.invalidate}</td></tr>
 * <tr><td>{@code poll}, {@code poll_with}</td><td>{@code Pollee.poll}</td></tr>
 * <tr><td>{@code register_poller}</td><td>{@code Pollee.register}</td></tr>
 * <tr><td>{@code wait_events}</td><td>{@code Pollable.await}</td></tr>
 * <tr><td>{@code Pollable}, {@code IoEvents}</td><td>{@code Pollable}, {@code Events}</td></tr>
 * <tr><td>{@code Poller}, {@code PollHandle}</td><td>{@code Poller}</td></tr>
 * <tr><td>{@code PollAdaptor}, observers</td><td>{@code Observer}, {@code Registration}</td></tr>
 * <tr><td>{@code Endpoint}, of pipes</td><td>a {@code Pollee} for each end</td></tr>
 * </table>
 */
package org.jfutex.poll;
