package dev.autodeploy.benchmarks.proxy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Prints what {@code benchmarks/proxies} measured. */
public final class ReportMain {
  private ReportMain() {}

  /**
   * Prints the tables.
   *
   * @param args the file of the samples, one a line, tab-separated
   * @throws IOException if it cannot be read
   */
  public static void main(String[] args) throws IOException {
    System.out.print(
        new Report(Files.readAllLines(Path.of(args[0])).stream().map(Sample::parse).toList())
            .markdown());
  }
}
