package dev.autodeploy.testing;

class SimulationMain {
  public static void main(String[] args) {
    long from = Long.parseLong(args[0]);
    long to = Long.parseLong(args[1]);
    int fails = 0;
    long lifecycles = 0;
    long t0 = System.nanoTime();
    for (long seed = from; seed < to; seed++) {
      int engines = 1 + (int) (seed % 3 == 0 ? seed / 3 % 3 : 0);
      try {
        RandomWalk.Result r = RandomWalk.seed(seed).deployments(1 + (int) (seed % 4)).engines(engines).lifecycles(300).run();
        lifecycles += r.lifecycles();
      } catch (BrokenInvariantError e) {
        System.out.println(e.getMessage() + (e.getSuppressed().length > 0 ? java.util.Arrays.toString(e.getSuppressed()[0].getStackTrace()) : ""));
        if (++fails >= 3) break;
      }
    }
    System.out.println(lifecycles + " lifecycles in " + (System.nanoTime() - t0) / 1e9);
  }
}
