package dev.autodeploy.spi;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A search in the last lines of a log, which are read again each time. */
final class RecentLogSearch implements LogSearch {
  private static final int READ_SECONDS = 2;

  private final Supplier<CompletionStage<List<String>>> lines;

  RecentLogSearch(Supplier<CompletionStage<List<String>>> lines) {
    this.lines = lines;
  }

  @Override
  public boolean find(String key, LineMatch match) throws IOException, InterruptedException {
    List<String> read;
    try {
      read = lines.get().toCompletableFuture().get(READ_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException("the instance's log could not be read", e);
    }
    @Nullable IOException failure = null;
    for (String line : read) {
      try {
        if (match.matches(line)) {
          return true;
        }
      } catch (IOException e) { // of one line: another may match
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
    return false;
  }
}
