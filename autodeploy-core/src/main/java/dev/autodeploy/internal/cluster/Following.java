package dev.autodeploy.internal.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.function.Consumer;

/** A replica while it follows: its leases, the deployments that it is told of, and who waits. */
record Following(
    OpenLeases leases, Directory directory, Consumer<JsonNode> heard, Consumer<LeaderLink> opened)
    implements LeaderLink.Follower {

  @Override
  public List<LeaseClaim> begins(LeaderLink link) {
    directory.begins();
    return leases.follow(link);
  }

  @Override
  public void isOpen(LeaderLink link) {
    opened.accept(link);
  }

  @Override
  public void lost(long lease, JsonNode exit) {
    leases.lost(lease, exit);
  }

  @Override
  public void deployment(JsonNode message) {
    directory.take(message);
    heard.accept(message);
  }
}
