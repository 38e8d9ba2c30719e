package dev.autodeploy.internal.cluster;

import java.net.InetSocketAddress;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/**
 * The place at which a replica answers others.
 *
 * @param listen where it listens
 * @param advertised where the others reach it; null for the address on which it listens
 * @param secret the secret of all replicas; null for the one that the election keeps
 */
public record ReplicaAddress(
    InetSocketAddress listen, @Nullable URI advertised, @Nullable String secret) {

  /** Returns where the others reach it, as they are told. */
  String text(int port) {
    return advertised != null
        ? advertised.toString()
        : "http://" + listen.getAddress().getHostAddress() + ":" + port;
  }
}
