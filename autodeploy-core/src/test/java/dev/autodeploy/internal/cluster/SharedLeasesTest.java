package dev.autodeploy.internal.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.Lease;
import dev.autodeploy.spi.InstanceExit;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** The leases of a follower that requests share, on a clock and a timer of the test's own. */
final class SharedLeasesTest {
  private static final AcquireRequest REQUEST = AcquireRequest.within(Duration.ofMinutes(1));
  private static final Duration WINDOW = Duration.ofSeconds(1);

  private final AtomicLong now = new AtomicLong();
  private final ManualLine timer = new ManualLine();
  private final SharedLeases shared = new SharedLeases(WINDOW.multipliedBy(3), now::get, timer);
  private final GrantedLease granted = new GrantedLease();

  @Test
  void leaseThatIsGrantedWhileTheReplicaCloses_reachesItsRequest_andIsClosedWithIt() {
    timer.shutdown();

    Lease own = shared.share(granted, REQUEST);

    assertThat(own.instanceId()).isEqualTo("i-1");
    assertThat(shared.join("voice", REQUEST)).as("a second request").isNull();
    assertThat(granted.closed).isZero();
    own.close();
    assertThat(granted.closed).as("the leader is told").isEqualTo(1);
  }

  @Test
  void lease_isSharedInItsWindow_andClosedOnceNobodyUsesItAndTheWindowIsOver() {
    Lease first = shared.share(granted, REQUEST);
    Lease second = shared.join("voice", REQUEST);

    assertThat(second).isNotNull();
    first.close();
    first.close(); // again
    second.close();
    assertThat(granted.closed).as("in its window").isZero();
    now.addAndGet(WINDOW.toNanos());
    assertThat(shared.join("voice", REQUEST)).isNull();
    timer.run();
    assertThat(granted.closed).isEqualTo(1);
  }

  @Test
  void lease_thatIsUsedBeyondItsWindow_isClosedWithItsLastUse() {
    Lease first = shared.share(granted, REQUEST);
    Lease second = shared.join("voice", REQUEST);
    now.addAndGet(WINDOW.toNanos());
    timer.run();

    first.close();
    assertThat(granted.closed).as("the second request is at the instance").isZero();
    second.close();
    assertThat(granted.closed).isEqualTo(1);
  }

  @Test
  void end_closesWhatIsKeptOnlyInCaseThatSomebodyComes() {
    shared.share(granted, REQUEST).close();
    assertThat(granted.closed).isZero();

    shared.end();

    assertThat(granted.closed).isEqualTo(1);
    timer.run();
    assertThat(granted.closed).isEqualTo(1);
  }

  private static final class GrantedLease implements Lease {
    private int closed;

    @Override
    public String deployment() {
      return "voice";
    }

    @Override
    public String instanceId() {
      return "i-1";
    }

    @Override
    public URI endpoint() {
      return URI.create("http://127.0.0.1:1");
    }

    @Override
    public boolean coldStart() {
      return false;
    }

    @Override
    public Duration waited() {
      return Duration.ZERO;
    }

    @Override
    public CompletionStage<InstanceExit> lost() {
      return new CompletableFuture<>();
    }

    @Override
    public void close() {
      closed++;
    }
  }
}
