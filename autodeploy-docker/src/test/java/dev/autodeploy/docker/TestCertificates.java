package dev.autodeploy.docker;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** An authority of the test's own, with the files that a daemon and its clients need. */
final class TestCertificates {
  /** The directory of what a client has: ca.pem, cert.pem and key.pem. */
  final Path client;

  private final Path directory;

  /** Makes the files; the daemon's certificate is good for 127.0.0.1 and for nothing else. */
  TestCertificates(Path directory) throws IOException {
    Programs.require("openssl");
    this.directory = directory;
    client = Files.createDirectories(directory.resolve("client"));
    openssl(
        "req -x509 -newkey rsa:2048 -nodes -days 2 -keyout ca-key.pem -out ca.pem -subj /CN=test-ca");
    signed("server", "server-key.pem", "server-cert.pem", "-addext subjectAltName=IP:127.0.0.1");
    signed("client", "client/key.pem", "client/cert.pem", "");
    Files.copy(directory.resolve("ca.pem"), client.resolve("ca.pem"));
  }

  /** Returns what makes a daemon speak TLS, and only with clients that it knows. */
  List<String> daemonOptions() {
    return List.of(
        "--tlsverify",
        "--tlscacert=" + directory.resolve("ca.pem"),
        "--tlscert=" + directory.resolve("server-cert.pem"),
        "--tlskey=" + directory.resolve("server-key.pem"));
  }

  /** The client's files with the key written in another form. */
  Path clientWithKey(String name, String conversion) throws IOException {
    Path copy = Files.createDirectories(directory.resolve(name));
    for (String file : List.of("ca.pem", "cert.pem")) {
      Files.copy(client.resolve(file), copy.resolve(file));
    }
    openssl(conversion + " -in client/key.pem -out " + name + "/key.pem");
    return copy;
  }

  /** Another client's files, whose key is on an elliptic curve. */
  Path clientOnACurve() throws IOException {
    Path copy = Files.createDirectories(directory.resolve("curve"));
    Files.copy(client.resolve("ca.pem"), copy.resolve("ca.pem"));
    openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out curve/key.pem");
    openssl(
        "req -x509 -CA ca.pem -CAkey ca-key.pem -days 2 -subj /CN=curve -key curve/key.pem -out"
            + " curve/cert.pem");
    return copy;
  }

  /** The files of a client that trusts another authority, and shows nothing of itself. */
  Path stranger() throws IOException {
    Path copy = Files.createDirectories(directory.resolve("stranger"));
    openssl(
        "req -x509 -newkey rsa:2048 -nodes -days 2 -keyout other.pem -out stranger/ca.pem -subj"
            + " /CN=other-ca");
    return copy;
  }

  /** The files of a client that trusts the authority, and shows nothing of itself. */
  Path nameless() throws IOException {
    Path copy = Files.createDirectories(directory.resolve("nameless"));
    Files.copy(client.resolve("ca.pem"), copy.resolve("ca.pem"));
    return copy;
  }

  private void signed(String name, String key, String certificate, String extension) {
    openssl(
        "req -x509 -CA ca.pem -CAkey ca-key.pem -newkey rsa:2048 -nodes -days 2 -subj /CN="
            + name
            + " -keyout "
            + key
            + " -out "
            + certificate
            + " "
            + extension);
  }

  private void openssl(String arguments) {
    List<String> line = new ArrayList<>(List.of("openssl"));
    line.addAll(List.of(arguments.strip().split(" ", -1)));
    Programs.run(directory, line);
  }
}
