package dev.autodeploy.internal.process;

import dev.autodeploy.AutoDeployException;
import dev.autodeploy.ErrorCode;
import dev.autodeploy.internal.files.PrivateDirectory;
import java.io.IOException;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The search for instances that an earlier process has left in an owner's directory. */
final class InstanceRecovery {
  private static final Logger LOG = LoggerFactory.getLogger(InstanceRecovery.class);

  private final PrivateDirectory directory;
  private final String owner;

  InstanceRecovery(PrivateDirectory directory, String owner) {
    this.directory = directory;
    this.owner = owner;
  }

  /**
   * Adopts what runs, and ends what nothing is known about.
   *
   * @param found gets every instance that has a record, before anything is done with it
   * @param running gets those that run
   */
  void run(BiConsumer<String, LocalInstance> found, BiConsumer<String, LocalInstance> running)
      throws IOException {
    for (String name : directory.list()) {
      if (name.matches(RegistryDirectory.ID)) {
        recover(name, found, running);
      }
    }
  }

  private void recover(
      String id,
      BiConsumer<String, LocalInstance> found,
      BiConsumer<String, LocalInstance> running) {
    InstanceFiles files = new InstanceFiles(directory, id);
    if (!files.open()) {
      return;
    }
    try {
      if (!files.hasRecord()) {
        endUnknown(files); // its start or its release was broken off
        return;
      }
      InstanceRecord record;
      try {
        record = files.readRecord();
        if (!record.instanceId().equals(id) || !record.owner().equals(owner)) {
          throw new IOException("it is the record of instance " + record.instanceId());
        }
      } catch (IOException e) {
        LOG.warn(
            "The record of instance '{}' is damaged, its processes are ended: {}",
            id,
            e.toString());
        endUnknown(files);
        return;
      }
      LocalInstance instance = new LocalInstance(files, record);
      found.accept(id, instance);
      if (instance.adopt()) {
        running.accept(id, instance);
      }
    } catch (IOException e) {
      LOG.warn("Instance {} could not be adopted or ended: {}", id, e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AutoDeployException(
          ErrorCode.PROVIDER_FAILED, null, "interrupted while instances were adopted", e);
    }
  }

  private static void endUnknown(InstanceFiles files) throws IOException, InterruptedException {
    long now = System.nanoTime();
    new ProcessTree(files, null).end(() -> now);
    files.delete();
  }
}
