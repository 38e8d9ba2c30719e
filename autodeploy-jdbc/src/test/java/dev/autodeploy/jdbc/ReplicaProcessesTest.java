package dev.autodeploy.jdbc;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Three replicas in processes of their own, with a PostgreSQL and a cloud that outlive them, under
 * load on all three links. {@code -Dautodeploy.replicas.rounds} says how often each fault comes;
 * the figures are printed.
 */
@Tag("slow")
final class ReplicaProcessesTest {
  private static final int ROUNDS = Integer.getInteger("autodeploy.replicas.rounds", 2);

  /** The longest time that a new request may be held at a change of leader. */
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);

  private final List<ReplicaProcess> replicas = new ArrayList<>();
  private Cloud cloud;
  private EmbeddedPostgres postgres;
  private Path dataDirectory;

  @BeforeEach
  void open() throws IOException {
    cloud = new Cloud();
    postgres =
        EmbeddedPostgres.builder()
            .setDataDirectoryCustomizer(it -> dataDirectory = it.toPath())
            .start();
    for (int i = 0; i < 3; i++) {
      replicas.add(new ReplicaProcess(url(), cloud.address(), Relay.freePort(), Relay.freePort()));
    }
    for (ReplicaProcess replica : replicas) {
      replica.start();
    }
  }

  @AfterEach
  void close() throws IOException {
    for (ReplicaProcess replica : replicas) {
      replica.kill();
      replica.relay().close();
    }
    postgres.close();
    cloud.close();
  }

  @Test
  void rollingRestarts_underLoad_failNoRequestAndRestartNoInstance() throws Exception {
    try (ReplicaLoad load = new ReplicaLoad(ports())) {
      load.awaitAnswers(50);
      for (int round = 0; round < ROUNDS; round++) {
        for (ReplicaProcess replica : replicas) {
          replica.end();
          replica.start();
          load.awaitAnswers(20);
        }
      }
      load.end();
      report("rolling restarts of three", load, load.cut());
      assertThat(load.cut()).isZero();
      assertThat(load.slowest()).isLessThan(LONGEST_WAIT);
    }
    assertThat(cloud.started()).hasSize(1);
    assertThat(cloud.released()).isEmpty();
  }

  @Test
  void leader_thatIsKilled_cutsOnlyWhatItCarriedItself() throws Exception {
    try (ReplicaLoad load = new ReplicaLoad(ports())) {
      load.awaitAnswers(30);
      int atTheOthers = 0;
      for (int round = 0; round < ROUNDS; round++) {
        ReplicaProcess leader = leader();
        int before = load.cut() - load.cut(leader.port());
        leader.kill();
        load.awaitAnswers(30);
        atTheOthers += load.cut() - load.cut(leader.port()) - before;
        leader.start();
        load.awaitAnswers(10);
      }
      load.end();
      report("kill -9 of the leader", load, atTheOthers);
      assertThat(atTheOthers).as("cut at replicas that live").isZero();
      assertThat(load.slowest()).isLessThan(LONGEST_WAIT);
      assertThat(load.cut()).isLessThanOrEqualTo(ROUNDS * ReplicaLoad.CALLERS);
    }
    assertThat(cloud.started()).hasSize(1);
    assertThat(cloud.released()).isEmpty();
  }

  @Test
  void networkBetweenReplicas_thatIsCut_cutsNoRequest() throws Exception {
    try (ReplicaLoad load = new ReplicaLoad(ports())) {
      load.awaitAnswers(30);
      for (int round = 0; round < ROUNDS; round++) {
        Relay relay = leader().relay();
        relay.cut();
        TimeUnit.SECONDS.sleep(1 + 4L * (round % 3)); // shorter and longer than a term
        relay.mend();
        load.awaitAnswers(30);
      }
      load.end();
      report("network between replicas cut", load, load.cut());
      assertThat(load.cut()).isZero();
      assertThat(load.slowest()).isLessThan(LONGEST_WAIT);
    }
    assertThat(cloud.started()).hasSize(1);
    assertThat(cloud.released()).isEmpty();
  }

  @Test
  void warmRequests_onAFollower_takeNoLongerThanOnTheLeader() throws Exception {
    int leader = leader().port();
    int follower = ports().stream().filter(port -> port != leader).findFirst().orElseThrow();
    HttpClient client = HttpClient.newHttpClient();
    for (String deployment : List.of("free", "voice")) {
      List<Long> there = new ArrayList<>();
      List<Long> here = new ArrayList<>();
      for (int i = 0; i < 1500; i++) { // in turn, so that the machine is the same for both
        there.add(nanos(client, leader, deployment));
        here.add(nanos(client, follower, deployment));
      }
      long more = median(here) - median(there);
      System.out.printf(
          "warm requests, %s: leader %d us, follower %d us at the median%n",
          deployment.equals("free") ? "concurrency unlimited" : "concurrency 1000",
          median(there) / 1000,
          median(here) / 1000);
      assertThat(Duration.ofNanos(more)).isLessThan(Duration.ofMillis(20));
    }
  }

  @Test
  void tenThousandRequests_heldAtThreeReplicas_haveOneStartAndAreAllAnswered() throws Exception {
    cloud.startTakes(Duration.ofSeconds(10));
    int leader = leader().port();
    List<Socket> held = new ArrayList<>();
    try {
      long begun = System.nanoTime();
      for (int i = 0; i < 10_000; i++) {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), ports().get(i % 3));
        held.add(socket);
        socket.setSoTimeout(120_000);
        socket
            .getOutputStream()
            .write("GET /d/voice/x HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(US_ASCII));
      }
      Duration sent = Duration.ofNanos(System.nanoTime() - begun);
      Map<String, Integer> answers = new TreeMap<>();
      for (Socket socket : held) {
        String head = new String(socket.getInputStream().readNBytes(12), US_ASCII);
        answers.merge(head, 1, Integer::sum);
        if (!head.endsWith(" 200")) {
          System.out.println(
              socket + ": " + head + new String(socket.getInputStream().readNBytes(600), US_ASCII));
        }
      }
      System.out.printf(
          "10,000 held at three replicas, leader %d: sent within %d ms, answered %s within %d ms%n",
          leader, sent.toMillis(), answers, Duration.ofNanos(System.nanoTime() - begun).toMillis());
      assertThat(answers).isEqualTo(Map.of("HTTP/1.1 200", 10_000));
    } finally {
      for (Socket socket : held) {
        socket.close();
      }
    }
    assertThat(cloud.started()).hasSize(1);
    assertThat(cloud.released()).isEmpty();
  }

  private static long nanos(HttpClient client, int port, String deployment) throws Exception {
    long begun = System.nanoTime();
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/d/" + deployment + "/x"))
            .build();
    HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return System.nanoTime() - begun;
  }

  /** Returns the median of the later two thirds, when code is compiled and connections are open. */
  private static long median(List<Long> times) {
    List<Long> sorted = new ArrayList<>(times.subList(times.size() / 3, times.size()));
    Collections.sort(sorted);
    return sorted.get(sorted.size() / 2);
  }

  private static void report(String fault, ReplicaLoad load, int cutAtLiving) {
    System.out.println(
        fault + ", " + ROUNDS + " times: " + load + ", " + cutAtLiving + " of them at living ones");
  }

  @Test
  void leader_thatFreezes_isReplacedAndDoesNothingWhenItThaws() throws Exception {
    try (ReplicaLoad load = new ReplicaLoad(ports())) {
      load.awaitAnswers(50);
      int atTheOthers = 0;
      for (int round = 0; round < ROUNDS; round++) {
        ReplicaProcess leader = leader();
        int before = load.late() - load.late(leader.port());
        load.freezes(leader.port());
        leader.signal("STOP");
        load.awaitAnswers(30);
        TimeUnit.SECONDS.sleep(4); // longer than its term
        leader.signal("CONT");
        load.awaitAnswers(50);
        atTheOthers += load.late() - load.late(leader.port()) - before;
      }
      load.end();
      report("freeze and thaw of the leader", load, load.cut());
      assertThat(load.cut()).isZero();
      assertThat(atTheOthers).as("not answered by replicas that were not frozen").isZero();
      assertThat(load.slowest()).isLessThan(LONGEST_WAIT);
    }
    assertThat(cloud.started()).hasSize(1);
    assertThat(cloud.released()).isEmpty();
  }

  @Test
  void database_thatStandsStill_endsNoInstanceAndHoldsNoRequestForLong() throws Exception {
    try (ReplicaLoad load = new ReplicaLoad(ports())) {
      load.awaitAnswers(50);
      for (int round = 0; round < ROUNDS; round++) {
        signalPostgres("STOP");
        TimeUnit.SECONDS.sleep(Integer.getInteger("autodeploy.replicas.outage", 8));
        signalPostgres("CONT");
        load.awaitAnswers(50);
      }
      load.end();
      report("database stopped", load, load.cut());
      assertThat(load.cut()).isZero();
      assertThat(load.late()).isZero();
      assertThat(load.slowest()).isLessThan(LONGEST_WAIT);
    }
    assertThat(cloud.started()).hasSize(1);
    assertThat(cloud.released()).isEmpty();
  }

  /** Stops or continues all processes of the database. */
  private void signalPostgres(String signal) throws Exception {
    List<ProcessHandle> all =
        ProcessHandle.allProcesses()
            .filter(it -> it.info().commandLine().orElse("").contains(dataDirectory.toString()))
            .flatMap(it -> Stream.concat(Stream.of(it), it.descendants()))
            .distinct()
            .toList();
    assertThat(all).isNotEmpty();
    for (ProcessHandle process : all) {
      new ProcessBuilder("kill", "-" + signal, String.valueOf(process.pid())).start().waitFor();
    }
  }

  private ReplicaProcess leader() throws Exception {
    while (true) {
      String address = addressOfTheLeader();
      for (ReplicaProcess replica : replicas) {
        if (address.endsWith(":" + replica.relay().port())) {
          return replica;
        }
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  private String addressOfTheLeader() throws SQLException {
    try (Connection connection = DriverManager.getConnection(url());
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT address FROM autodeploy_state"
                    + " WHERE until_ms > 1000 * EXTRACT(EPOCH FROM CURRENT_TIMESTAMP)")) {
      return row.next() && row.getString(1) != null ? row.getString(1) : "";
    }
  }

  private List<Integer> ports() {
    return replicas.stream().map(ReplicaProcess::port).toList();
  }

  private String url() {
    return postgres.getJdbcUrl("postgres", "postgres");
  }
}
