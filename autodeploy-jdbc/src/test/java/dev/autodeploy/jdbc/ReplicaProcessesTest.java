package dev.autodeploy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
      replicas.add(new ReplicaProcess(url(), cloud.address(), freePort()));
    }
    for (ReplicaProcess replica : replicas) {
      replica.start();
    }
  }

  @AfterEach
  void close() throws IOException {
    replicas.forEach(ReplicaProcess::kill);
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
      System.out.println("rolling restarts of three, " + ROUNDS + " times: " + load);
      assertThat(load.cut()).isZero();
      assertThat(load.slowest()).isLessThan(Duration.ofSeconds(10));
    }
    assertThat(cloud.started()).hasSize(1);
    assertThat(cloud.released()).isEmpty();
  }

  @Test
  void leader_thatIsKilled_isReplacedAndItsInstanceAdopted() throws Exception {
    try (ReplicaLoad load = new ReplicaLoad(ports())) {
      load.awaitAnswers(50);
      int kills = 0;
      for (int round = 0; round < ROUNDS; round++) {
        ReplicaProcess leader = leader();
        leader.kill();
        kills++;
        load.awaitAnswers(50);
        leader.start();
      }
      load.end();
      System.out.println("kill -9 of the leader, " + kills + " times: " + load);
      assertThat(load.slowest()).isLessThan(Duration.ofSeconds(10));
      // Only what the killed leader itself carried: a request of each of the callers, at most.
      assertThat(load.cut()).isLessThanOrEqualTo(kills * ReplicaLoad.CALLERS);
    }
    assertThat(cloud.started()).hasSize(1);
    assertThat(cloud.released()).isEmpty();
  }

  @Test
  void leader_thatFreezes_isReplacedAndDoesNothingWhenItThaws() throws Exception {
    try (ReplicaLoad load = new ReplicaLoad(ports())) {
      load.awaitAnswers(50);
      for (int round = 0; round < ROUNDS; round++) {
        ReplicaProcess leader = leader();
        leader.signal("STOP");
        load.awaitAnswers(12); // each caller waits for the frozen one, again and again
        leader.signal("CONT");
        load.awaitAnswers(50);
      }
      load.end();
      System.out.println("freeze and thaw of the leader, " + ROUNDS + " times: " + load);
    }
    assertThat(cloud.started()).hasSize(1);
    assertThat(cloud.released()).isEmpty();
  }

  @Test
  void database_thatStandsStill_endsLeadershipAndNoInstance() throws Exception {
    try (ReplicaLoad load = new ReplicaLoad(ports())) {
      load.awaitAnswers(50);
      for (int round = 0; round < ROUNDS; round++) {
        signalPostgres("STOP");
        TimeUnit.SECONDS.sleep(Integer.getInteger("autodeploy.replicas.outage", 8));
        signalPostgres("CONT");
        load.awaitAnswers(50);
      }
      load.end();
      System.out.println("database stopped, " + ROUNDS + " times: " + load);
      assertThat(load.cut()).isZero();
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
      for (ReplicaProcess replica : replicas) {
        if (ReplicaLoad.leads(replica.port())) {
          return replica;
        }
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  private List<Integer> ports() {
    return replicas.stream().map(ReplicaProcess::port).toList();
  }

  private String url() {
    return postgres.getJdbcUrl("postgres", "postgres");
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
