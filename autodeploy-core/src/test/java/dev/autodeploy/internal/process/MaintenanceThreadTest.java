package dev.autodeploy.internal.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class MaintenanceThreadTest {

  @Test
  void taskThatHangs_doesNotKeepTheOthers() throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    CountDownLatch done = new CountDownLatch(1);
    try (MaintenanceThread maintenance = new MaintenanceThread()) {
      maintenance.submit(
          () -> {
            try {
              end.await();
            } catch (InterruptedException e) {
              // The test is over.
            }
          });
      maintenance.schedule(Duration.ofMillis(1), done::countDown);

      assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
      end.countDown();
    }
  }

  @Test
  void taskThatThrowsAnError_isDoneAgain() throws Exception {
    CountDownLatch done = new CountDownLatch(3);
    try (MaintenanceThread maintenance = new MaintenanceThread()) {
      maintenance.scheduleAtInterval(
          Duration.ofMillis(1),
          () -> {
            done.countDown();
            throw new OutOfMemoryError("unable to create native thread, as drawn");
          });

      assertThat(done.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }
}
