package dev.autodeploy.spring.test.app;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Lease;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.springframework.stereotype.Service;

/** A component under test: it has little patience. */
@Service
public class VoiceService {
  private final AutoDeploy autoDeploy;

  /** Gets the engine. */
  public VoiceService(AutoDeploy autoDeploy) {
    this.autoDeploy = autoDeploy;
  }

  /** Returns an instance, or a fallback where none is ready in time. */
  public CompletableFuture<String> voice() {
    return autoDeploy
        .deployment("voice")
        .acquireAsync(AcquireRequest.within(Duration.ofSeconds(30)))
        .thenApply(Lease::instanceId)
        .exceptionally(error -> "fallback");
  }
}
