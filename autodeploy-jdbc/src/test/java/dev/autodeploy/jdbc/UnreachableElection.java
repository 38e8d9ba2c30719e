package dev.autodeploy.jdbc;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.spi.Leader;
import dev.autodeploy.spi.LeaderElection;
import dev.autodeploy.spi.StateStore;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/** An election whose place cannot be reached now and then. */
final class UnreachableElection implements LeaderElection {
  private final LeaderElection election;
  private final BooleanSupplier down;

  UnreachableElection(LeaderElection election, BooleanSupplier down) {
    this.election = election;
    this.down = down;
  }

  private LeaderElection reached() {
    if (down.getAsBoolean()) {
      throw new AutoDeployException(ErrorCode.STATE_FAILED, null, "the database is down");
    }
    return election;
  }

  @Override
  public Leader campaign(String replica, long held, Duration term) {
    return reached().campaign(replica, held, term);
  }

  @Override
  public void resign(long epoch) {
    reached().resign(epoch);
  }

  @Override
  public StateStore store(long epoch) {
    return reached().store(epoch);
  }

  @Override
  public void advertise(String address) {
    election.advertise(address);
  }

  @Override
  public String secret() {
    return reached().secret();
  }

  @Override
  public void close() {
    election.close();
  }
}
