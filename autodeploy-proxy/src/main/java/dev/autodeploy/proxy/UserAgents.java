package dev.autodeploy.proxy;

import dev.autodeploy.internal.text.BoundedPattern;
import dev.autodeploy.internal.text.SearchLimitException;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The check of clients by what they call themselves, which is a text that they choose. */
final class UserAgents implements Predicate<LinkRequest> {
  private static final Logger LOG = LoggerFactory.getLogger(UserAgents.class);

  /** The number of characters that one search may read: {@value} take about ten milliseconds. */
  private static final long MAX_STEPS = 2_000_000;

  private final BoundedPattern pattern;
  private final AtomicBoolean warned = new AtomicBoolean();

  UserAgents(String regex) {
    pattern = BoundedPattern.compile(regex, MAX_STEPS);
  }

  @Override
  public boolean test(LinkRequest request) {
    List<String> agents = request.headers().apply("User-Agent");
    try {
      return !agents.isEmpty() && pattern.search().find(agents.get(0));
    } catch (SearchLimitException e) {
      if (warned.compareAndSet(false, true)) { // a caller could fill the log
        LOG.warn("A rule for user agents counts as not matching: {}", e.getMessage());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return false;
  }
}
