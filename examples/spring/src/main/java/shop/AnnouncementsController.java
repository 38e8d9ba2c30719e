package shop;

import java.util.concurrent.CompletableFuture;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** {@code POST /announcements}: audio, or 204 where a text has to do. */
@RestController
class AnnouncementsController {
  private final Announcer announcer;

  AnnouncementsController(Announcer announcer) {
    this.announcer = announcer;
  }

  @PostMapping("/announcements")
  CompletableFuture<ResponseEntity<byte[]>> announce(@RequestBody String text) {
    return announcer
        .speak(text)
        .thenApply(
            spoken ->
                spoken
                    .map(
                        audio ->
                            ResponseEntity.ok()
                                .contentType(MediaType.parseMediaType("audio/wav"))
                                .body(audio))
                    .orElseGet(() -> ResponseEntity.noContent().build()));
  }
}
