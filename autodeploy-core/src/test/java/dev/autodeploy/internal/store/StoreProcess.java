package dev.autodeploy.internal.store;

import dev.autodeploy.AutoDeployException;
import java.io.IOException;
import java.nio.file.Path;

/** A process that uses a state directory; its first argument says how. */
final class StoreProcess {

  private StoreProcess() {}

  public static void main(String[] args) throws IOException {
    try (FileStateStore store =
        new FileStateStore(Path.of(args[1]), RealDisk.INSTANCE, 3)) { // written as a whole often
      store.load();
      System.out.println("loaded");
      if (args[0].equals("hold")) {
        System.in.read();
      } else if (args[0].equals("append")) {
        for (int i = store.ledger().size(); ; i++) {
          store.append(Examples.started(i));
          System.out.println(i);
          store.saveOwner("s" + i);
          store.save(Examples.deployment("d" + i % 10, i % 60_000));
        }
      }
    } catch (AutoDeployException e) {
      System.out.println(e.code() + " " + e.getMessage());
    }
  }
}
