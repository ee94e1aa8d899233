package org.jfutex.kernel;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * The calls of stream sockets of the internet, none of which blocks: sockets are non-blocking, and
 * programs started later do not inherit them. Numbers in, a result or a negative errno out.
 */
public final class SocketCalls {
  /** The level of options that are not of one protocol. */
  public static final int SOL_SOCKET = 1;

  /** The level of TCP's options. */
  public static final int IPPROTO_TCP = 6;

  /** Options, by their names in socket(7) and tcp(7). */
  public static final int SO_REUSEADDR = 2;

  /** The error that is pending; asking takes it away. */
  public static final int SO_ERROR = 4;

  /** Bytes for what is to be sent. */
  public static final int SO_SNDBUF = 7;

  /** Bytes for what was received. */
  public static final int SO_RCVBUF = 8;

  /** Whether the connection is probed when it is idle. */
  public static final int SO_KEEPALIVE = 9;

  /** What closing does about bytes that are still to be sent. */
  public static final int SO_LINGER = 13;

  /** How many bytes make it readable. */
  public static final int SO_RCVLOWAT = 18;

  /** Whether small pieces are sent at once. */
  public static final int TCP_NODELAY = 1;

  /** The flag of urgent data. */
  public static final int MSG_OOB = 1;

  private static final int INET = 2;
  private static final int INET6 = 10;
  private static final int SO_DOMAIN = 39;
  private static final int EAFNOSUPPORT = -97;

  private static final int NR_CLOSE = 3;
  private static final int NR_IOCTL = 16;
  private static final int NR_SOCKET = 41;
  private static final int NR_CONNECT = 42;
  private static final int NR_SENDTO = 44;
  private static final int NR_RECVFROM = 45;
  private static final int NR_SHUTDOWN = 48;
  private static final int NR_BIND = 49;
  private static final int NR_LISTEN = 50;
  private static final int NR_GETSOCKNAME = 51;
  private static final int NR_GETPEERNAME = 52;
  private static final int NR_SETSOCKOPT = 54;
  private static final int NR_GETSOCKOPT = 55;
  private static final int NR_ACCEPT4 = 288;

  private static final int STREAM_NONBLOCK_CLOEXEC = 1 | 0x800 | 0x80000;
  private static final int NONBLOCK_CLOEXEC = 0x800 | 0x80000;
  private static final int FIONREAD = 0x541b;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int IPPROTO_IPV6 = 41;
  private static final int IPV6_V6ONLY = 26;

  /** Where things are in struct sockaddr_in and sockaddr_in6. */
  private static final long PORT = 2;

  private static final long ADDRESS4 = 4;
  private static final long ADDRESS6 = 8;
  private static final long SCOPE = 24;
  private static final int BYTES4 = 16;
  private static final int BYTES6 = 28;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfShort NETWORK_SHORT =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN);

  private SocketCalls() {}

  /**
   * Makes a TCP socket of IPv6 that serves IPv4 as well; one of IPv4 where there is no other.
   *
   * @return its descriptor, or a negative errno
   */
  public static long open() {
    long descriptor = Syscalls.call(NR_SOCKET, INET6, STREAM_NONBLOCK_CLOEXEC, 0);
    if (descriptor == EAFNOSUPPORT) {
      return Syscalls.call(NR_SOCKET, INET, STREAM_NONBLOCK_CLOEXEC, 0);
    }
    if (descriptor >= 0) {
      long _ = setOption((int) descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    }
    return descriptor;
  }

  /**
   * Gives a socket its own address.
   *
   * @param socket the socket
   * @param address the address
   * @return 0 or a negative errno
   */
  public static long bind(int socket, InetSocketAddress address) {
    return withAddress(NR_BIND, socket, address);
  }

  /**
   * Begins to connect a socket.
   *
   * @param socket the socket
   * @param address whereto
   * @return 0 or a negative errno, EINPROGRESS if it goes on
   */
  public static long connect(int socket, InetSocketAddress address) {
    return withAddress(NR_CONNECT, socket, address);
  }

  /**
   * Lets others connect to a socket.
   *
   * @param socket the socket
   * @param backlog how many connections wait to be accepted
   * @return 0 or a negative errno
   */
  public static long listen(int socket, int backlog) {
    return Syscalls.call(NR_LISTEN, socket, backlog, 0);
  }

  /**
   * Takes a connection that waits.
   *
   * @param socket a socket that listens
   * @return the descriptor of the connection, or a negative errno
   */
  public static long accept(int socket) {
    return Syscalls.call(NR_ACCEPT4, socket, 0, 0, NONBLOCK_CLOEXEC, 0, 0);
  }

  /**
   * Takes bytes that have come.
   *
   * @param socket the socket
   * @param memory where to put them
   * @param bytes how many at most
   * @return how many, 0 at the end, or a negative errno
   */
  public static long receive(int socket, MemorySegment memory, long bytes) {
    return Syscalls.call(NR_RECVFROM, socket, memory, bytes, MSG_DONTWAIT);
  }

  /**
   * Sends bytes.
   *
   * @param socket the socket
   * @param memory where they are
   * @param bytes how many
   * @param flags 0 or {@link #MSG_OOB}
   * @return how many were taken, or a negative errno
   */
  public static long send(int socket, MemorySegment memory, long bytes, int flags) {
    return Syscalls.call(NR_SENDTO, socket, memory, bytes, MSG_DONTWAIT | MSG_NOSIGNAL | flags);
  }

  /**
   * Ends one direction of a connection, or both.
   *
   * @param socket the socket
   * @param how 0 for what is received, 1 for what is sent, 2 for both
   * @return 0 or a negative errno
   */
  public static long shutdown(int socket, int how) {
    return Syscalls.call(NR_SHUTDOWN, socket, how, 0);
  }

  /**
   * Sets an option.
   *
   * @param socket the socket
   * @param level the option's level
   * @param name the option
   * @param values what to set it to, one int or, for {@link #SO_LINGER}, two
   * @return 0 or a negative errno
   */
  public static long setOption(int socket, int level, int name, int... values) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocateFrom(INT, values);
      return Syscalls.call(
          NR_SETSOCKOPT, socket, level, name, value.address(), value.byteSize(), 0);
    }
  }

  /**
   * The value of an option.
   *
   * @param socket the socket
   * @param level the option's level
   * @param name the option
   * @param index which int of its value
   * @return the value, or a negative errno
   */
  public static long option(int socket, int level, int name, int index) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(INT, 2);
      MemorySegment length = arena.allocateFrom(INT, (int) value.byteSize());
      long result =
          Syscalls.call(NR_GETSOCKOPT, socket, level, name, value.address(), length.address(), 0);
      return result < 0 ? result : Math.max(0, value.getAtIndex(INT, index));
    }
  }

  /**
   * How many bytes have come and were not taken.
   *
   * @param socket the socket
   * @return how many, or a negative errno
   */
  public static long unread(int socket) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment count = arena.allocate(INT);
      long result = Syscalls.call(NR_IOCTL, socket, FIONREAD, count.address());
      return result < 0 ? result : count.get(INT, 0);
    }
  }

  /**
   * The address of this end.
   *
   * @param socket the socket
   * @return the address, null if it has none
   */
  public static @Nullable InetSocketAddress localAddress(int socket) {
    return address(NR_GETSOCKNAME, socket);
  }

  /**
   * The address of the other end.
   *
   * @param socket the socket
   * @return the address, null if it is not connected
   */
  public static @Nullable InetSocketAddress remoteAddress(int socket) {
    return address(NR_GETPEERNAME, socket);
  }

  /**
   * Closes a descriptor.
   *
   * @param descriptor the descriptor
   * @return 0 or a negative errno
   */
  public static long close(int descriptor) {
    return Syscalls.call(NR_CLOSE, descriptor, 0, 0);
  }

  private static long withAddress(int nr, int socket, InetSocketAddress address) {
    InetAddress host = address.getAddress();
    long family = option(socket, SOL_SOCKET, SO_DOMAIN, 0);
    if (family < 0) {
      return family;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(BYTES6, Long.BYTES);
      memory.set(ValueLayout.JAVA_SHORT, 0, (short) family);
      memory.set(NETWORK_SHORT, PORT, (short) address.getPort());
      byte[] bytes = family == INET6 ? mapped(host) : host.getAddress();
      if (family == INET6) {
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, ADDRESS6, bytes.length);
        memory.set(INT, SCOPE, host instanceof Inet6Address six ? six.getScopeId() : 0);
      } else if (host instanceof Inet4Address) {
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, ADDRESS4, bytes.length);
      } else if (!host.isAnyLocalAddress()) {
        return EAFNOSUPPORT;
      }
      return Syscalls.call(nr, socket, memory.address(), family == INET6 ? BYTES6 : BYTES4);
    }
  }

  /** An address as one of IPv6; that of any IPv4 address of this host is that of any at all. */
  private static byte[] mapped(InetAddress host) {
    byte[] bytes = host.getAddress();
    if (host instanceof Inet6Address) {
      return bytes;
    }
    byte[] mapped = new byte[16];
    if (!host.isAnyLocalAddress()) {
      mapped[10] = -1;
      mapped[11] = -1;
      System.arraycopy(bytes, 0, mapped, 12, bytes.length);
    }
    return mapped;
  }

  private static @Nullable InetSocketAddress address(int nr, int socket) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(BYTES6, Long.BYTES);
      MemorySegment length = arena.allocateFrom(INT, BYTES6);
      if (Syscalls.call(nr, socket, memory.address(), length.address()) < 0) {
        return null;
      }
      int port = Short.toUnsignedInt(memory.get(NETWORK_SHORT, PORT));
      if (memory.get(ValueLayout.JAVA_SHORT, 0) == INET) {
        byte[] bytes = memory.asSlice(ADDRESS4, 4).toArray(ValueLayout.JAVA_BYTE);
        return new InetSocketAddress(InetAddress.getByAddress(bytes), port);
      }
      byte[] bytes = memory.asSlice(ADDRESS6, 16).toArray(ValueLayout.JAVA_BYTE);
      int scope = memory.get(INT, SCOPE);
      InetAddress host =
          scope == 0
              ? InetAddress.getByAddress(bytes)
              : Inet6Address.getByAddress(null, bytes, scope);
      return new InetSocketAddress(host, port);
    } catch (UnknownHostException e) {
      throw new AssertionError("the lengths are right", e);
    }
  }
}
