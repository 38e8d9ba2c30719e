package dev.autodeploy.proxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.proxy.AccessCheck;
import dev.autodeploy.proxy.LinkRequest;
import dev.autodeploy.proxy.TokenCarrier;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The name under which the cost of a request is listed. */
final class CallerNameTest {
  private static final byte[] HASH = AccessRules.hash("0123456789abcdef");

  @Test
  void caller_isNamedByTheApplication_elseByTheToken() {
    assertThat(caller(null, HASH)).isEqualTo("ann");
    assertThat(caller(null, null)).isNull();
    assertThat(caller(null, AccessRules.hash("fedcba9876543210"))).isNull();
    assertThat(caller(naming("ben"), HASH)).isEqualTo("ben");
    assertThat(caller(naming(" "), HASH)).isEqualTo("ann");
    assertThat(caller(naming(null), HASH)).isEqualTo("ann");
    assertThat(caller(naming("x".repeat(300)), HASH)).hasSize(AccessRules.MAX_NAME);
  }

  @Test
  void checkThatFails_namesNobody() {
    AccessCheck failing =
        new AccessCheck() {
          @Override
          public boolean allows(LinkRequest request) {
            return true;
          }

          @Override
          public String caller(LinkRequest request) {
            throw new IllegalStateException("no directory");
          }
        };
    assertThat(caller(failing, HASH)).isEqualTo("ann");
  }

  private static AccessCheck naming(@Nullable String name) {
    return new AccessCheck() {
      @Override
      public boolean allows(LinkRequest request) {
        return true;
      }

      @Override
      public @Nullable String caller(LinkRequest request) {
        return name;
      }
    };
  }

  private static @Nullable String caller(@Nullable AccessCheck check, byte @Nullable [] opener) {
    AccessRules rules =
        new AccessRules(
            Map.of("*", List.of(HASH)),
            check,
            EnumSet.allOf(TokenCarrier.class),
            Map.of(AccessRules.id(HASH), "ann"));
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 8000);
    return rules.caller(
        new LinkRequest("app", "GET", "/", name -> List.of(), address, false), opener);
  }
}
