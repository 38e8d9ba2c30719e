package dev.autodeploy.benchmarks.proxy;

/**
 * The result of one candidate in one round.
 *
 * @param round the round
 * @param load what was asked of it
 * @param candidate the candidate
 * @param requestsPerSecond how many requests it served
 * @param medianMillis how long half of them took at most
 * @param p99Millis how long all but a hundredth took at most
 * @param cpuMicros its own processor time for each request
 * @param residentKib its memory afterwards
 * @param errors how many requests failed
 */
record Sample(
    int round,
    Load load,
    String candidate,
    double requestsPerSecond,
    double medianMillis,
    double p99Millis,
    double cpuMicros,
    long residentKib,
    long errors) {

  /**
   * A load.
   *
   * @param body the name of the body that was asked for
   * @param connections how many connections asked
   */
  record Load(String body, int connections) {
    @Override
    public String toString() {
      return switch (body) {
            case "100" -> "100 B";
            case "64k" -> "64 KB";
            case "1m" -> "1 MB";
            default -> body;
          }
          + ", "
          + connections
          + " connections";
    }
  }

  static Sample parse(String line) {
    String[] columns = line.split("\t", -1);
    return new Sample(
        Integer.parseInt(columns[0]),
        new Load(columns[1], Integer.parseInt(columns[2])),
        columns[3],
        Double.parseDouble(columns[4]),
        Double.parseDouble(columns[5]),
        Double.parseDouble(columns[6]),
        Double.parseDouble(columns[7]),
        Long.parseLong(columns[8]),
        Long.parseLong(columns[9]));
  }
}
