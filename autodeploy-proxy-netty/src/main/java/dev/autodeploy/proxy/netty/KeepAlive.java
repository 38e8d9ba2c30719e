package dev.autodeploy.proxy.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.nio.NioChannelOption;
import java.util.List;
import jdk.net.ExtendedSocketOptions;

/**
 * The probes of TCP for clients that have vanished without a word: within about two minutes, where
 * a system by itself would take hours, in which an open tunnel keeps its instance.
 */
final class KeepAlive {
  private static final ChannelOption<Integer> IDLE =
      NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE);
  private static final ChannelOption<Integer> INTERVAL =
      NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPINTERVAL);
  private static final ChannelOption<Integer> COUNT =
      NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPCOUNT);

  private KeepAlive() {}

  /** Sets the times, as far as the system knows them. */
  static void hasten(Channel channel) {
    List<ChannelOption<Integer>> options = List.of(IDLE, INTERVAL, COUNT);
    int[] values = {60, 15, 4};
    for (int i = 0; i < values.length; i++) {
      channel.config().setOption(options.get(i), values[i]);
    }
  }
}
