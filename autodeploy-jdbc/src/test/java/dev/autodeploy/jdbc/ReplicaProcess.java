package dev.autodeploy.jdbc;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** One replica in a process of its own, which can be ended in all ways and started again. */
final class ReplicaProcess {
  private final String database;
  private final URI cloud;
  private final int port;
  private final int own;
  private final Relay relay;
  private Process process;

  ReplicaProcess(String database, URI cloud, int port, int own) throws IOException {
    this.database = database;
    this.cloud = cloud;
    this.port = port;
    this.own = own;
    this.relay = new Relay(own);
  }

  /** Returns the way by which other replicas reach it. */
  Relay relay() {
    return relay;
  }

  int port() {
    return port;
  }

  /** Starts it, and waits until its links are open. */
  void start() throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    process =
        new ProcessBuilder(
                java,
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-Dorg.slf4j.simpleLogger.showDateTime=true",
                "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                ReplicaMain.class.getName(),
                database,
                cloud.toString(),
                String.valueOf(port),
                String.valueOf(own),
                "http://127.0.0.1:" + relay.port())
            .redirectError(new File("target/replica-" + port + ".log"))
            .start();
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String line = out.readLine();
    if (!"ready".equals(line)) {
      throw new IOException("the replica did not start: " + line);
    }
  }

  /** Ends it in order: it hands over and finishes its requests. */
  void end() throws IOException, InterruptedException {
    process.getOutputStream().write('\n');
    process.getOutputStream().flush();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      throw new IOException("the replica does not end");
    }
  }

  void kill() {
    if (process != null) {
      process.destroyForcibly();
      process.onExit().join();
    }
  }

  void signal(String signal) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + signal, String.valueOf(process.pid())).start().waitFor();
  }
}
