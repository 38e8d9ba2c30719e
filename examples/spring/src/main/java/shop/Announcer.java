package shop;

import dev.autodeploy.AcquireRequest;
import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Deployment;
import dev.autodeploy.Lease;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.springframework.stereotype.Service;

/** Speaks by the deployment, from the application's own code, without its link. */
@Service
class Announcer {
  /** Customers wait no longer. The start goes on without them, for the next one. */
  static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Deployment voice;
  private final HttpClient http = HttpClient.newHttpClient();

  Announcer(AutoDeploy autoDeploy) {
    voice = autoDeploy.deployment("breezyvoice");
  }

  /** Returns the audio, or nothing where no instance is ready in time. */
  CompletableFuture<Optional<byte[]>> speak(String text) {
    return voice
        .acquireAsync(AcquireRequest.within(PATIENCE))
        .thenCompose(lease -> ask(lease, text).whenComplete((audio, error) -> lease.close()))
        .thenApply(Optional::of)
        .exceptionally(error -> Optional.empty());
  }

  private CompletableFuture<byte[]> ask(Lease lease, String text) {
    HttpRequest request =
        HttpRequest.newBuilder(lease.endpoint().resolve("/v1/audio/speech"))
            .POST(HttpRequest.BodyPublishers.ofString(text))
            .build();
    return http.sendAsync(request, BodyHandlers.ofByteArray()).thenApply(it -> it.body());
  }
}
