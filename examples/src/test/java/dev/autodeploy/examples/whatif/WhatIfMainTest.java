package dev.autodeploy.examples.whatif;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program that tells what an access log would have cost. */
class WhatIfMainTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  @TempDir private Path directory;
  private Path log;

  @BeforeEach
  void write() throws IOException {
    log = directory.resolve("access.log");
    Files.writeString(
        log,
        """
        192.0.2.1 - - [10/Oct/2026:08:00:00 +0000] "POST /synthesize HTTP/1.1" 200 99 "-" "curl" 10.000
        192.0.2.1 - - [10/Oct/2026:08:30:00 +0000] "POST /synthesize HTTP/1.1" 200 99 "-" "curl" 10.000
        192.0.2.1 - - [10/Oct/2026:10:00:00 +0000] "GET /other HTTP/1.1" 200 99 "-" "curl" 10.000
        """);
  }

  private int run(String... arguments) {
    return new WhatIfMain(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8))
        .run(List.of(arguments));
  }

  private String printed() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String said() {
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void accessLog_isATableOfPolicies() {
    assertThat(run(log.toString(), "--price", "3.6", "--start", "60s")).isZero();

    assertThat(printed())
        .contains("3 requests from 2026-10-10T07:59:50Z until 2026-10-10T10:00:00Z")
        .containsPattern("idle 5 min +0\\.75 USD +90 % +0\\.2 +2 +60\\.0 s +60\\.0 s")
        .containsPattern("adaptive +\\S+ USD")
        .containsPattern("always on +7\\.21 USD +0 % +2\\.0 +0 +0\\.0 s +0\\.0 s");
  }

  @Test
  void path_countsOnlyThose() {
    assertThat(run(log.toString(), "--path", "/synthesize")).isZero();

    assertThat(printed()).contains("2 requests");
  }

  @Test
  void unreadableLine_isNamed() throws IOException {
    Files.writeString(log, "nonsense\n");

    assertThat(run(log.toString())).isEqualTo(1);
    assertThat(said()).contains("line 1: there is no time in brackets", "--skip-unreadable");
  }

  @Test
  void nothingThatCounts_isSaid() {
    assertThat(run(log.toString(), "--path", "/none")).isEqualTo(1);
    assertThat(said()).contains("there is no request in");
  }

  @Test
  void missingFile_isSaid() {
    assertThat(run(directory.resolve("none").toString())).isEqualTo(1);
    assertThat(said()).contains("cannot read");
  }

  @Test
  void wrongArguments_areSaid() {
    assertThat(run()).isEqualTo(2);
    assertThat(run("--price", "much", "x")).isEqualTo(2);
    assertThat(run("--what")).isEqualTo(2);
    assertThat(said())
        .contains("give the FILE of the requests; see --help")
        .contains("--price is 'much'; write an amount in US dollars")
        .contains("unknown option --what");
  }

  @Test
  void help_isTheUsage() {
    assertThat(run("--help")).isZero();
    assertThat(printed()).startsWith("Usage: examples/whatif FILE");
  }
}
