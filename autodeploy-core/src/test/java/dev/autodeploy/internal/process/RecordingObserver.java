package dev.autodeploy.internal.process;

import dev.autodeploy.spi.InstanceExit;
import dev.autodeploy.spi.InstanceObserver;
import dev.autodeploy.spi.StartProgress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Keeps the exits that it is told. */
final class RecordingObserver implements InstanceObserver {
  final Map<String, InstanceExit> exits = new ConcurrentHashMap<>();

  @Override
  public void exited(String instanceId, InstanceExit exit) {
    if (exits.put(instanceId, exit) != null) {
      throw new AssertionError("told twice: " + instanceId);
    }
  }

  @Override
  public void progress(String instanceId, StartProgress progress) {}
}
