package dev.autodeploy.reliability;

import dev.autodeploy.LocalProcessProvider;

/** The network between the proxy and the instance is cut under load, and comes back. */
final class NetworkCut implements Fault {
  private final Relay.Mode mode;
  private final int rounds;

  NetworkCut(Relay.Mode mode, int rounds) {
    this.mode = mode;
    this.rounds = rounds;
  }

  @Override
  @SuppressWarnings("try") // a load works by itself
  public Row run(Scene scene) throws Exception {
    Tally tally = new Tally();
    RelayedProvider provider = new RelayedProvider(LocalProcessProvider.create());
    try (Host host =
        Host.start(
            provider,
            scene.owner("local"),
            scene.directory().resolve("state"),
            Service.local(scene.mark()).build())) {
      try (Load load = Load.start(6, host::link, tally)) {
        for (int round = 0; round < rounds; round++) {
          Recovery.await(scene, host.link(), tally);
          Pause.millis(scene.random().nextInt(1000));
          provider.become(mode);
          // Some longer than the five seconds that the proxy waits for an answer.
          Pause.millis(scene.random().nextInt(mode == Relay.Mode.STALL ? 9000 : 1500));
          provider.become(Relay.Mode.PASS);
        }
        Recovery.await(scene, host.link(), tally);
        scene.expectProcess();
      }
    }
    if (provider.hits() == 0) {
      scene.fail("no connection has been cut");
    }
    scene.explain(tally);
    return Row.of("network " + says(), rounds, tally, scene.leakedProcesses());
  }

  private String says() {
    return switch (mode) {
      case RESET -> "resets connections";
      case STALL -> "swallows everything";
      case CLOSE -> "closes connections in the middle";
      case PASS -> "is fine";
    };
  }
}
