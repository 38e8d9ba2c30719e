package dev.autodeploy.docker;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Makes the test images from this machine's static busybox, without any registry. */
final class TestImages {
  private static final Pattern LIBRARY = Pattern.compile("(/\\S+) \\(0x");

  private static final List<String> TOOLS =
      List.of(
          "sh", "httpd", "sleep", "usleep", "cat", "kill", "ps", "nc", "wget", "date", "stat",
          "timeout", "env", "ls", "head", "dd", "mkdir", "touch", "rm", "yes", "tail", "echo",
          "grep", "tr", "true", "false", "test");

  private TestImages() {}

  static void make(DaemonClient client) {
    if (client.findImage(TestDaemon.WEB) == null) {
      load(client, TestDaemon.WEB, tools().toByteArray(), serve());
    }
    if (client.findImage(TestDaemon.GPU) == null) {
      String smi =
          """
          #!/bin/sh
          echo 'GPU 0: Test Card (UUID: GPU-aaaa0000-0000-0000-0000-000000000000)'
          echo 'GPU 1: Test Card (UUID: GPU-bbbb1111-0000-0000-0000-000000000000)'
          """;
      load(
          client, TestDaemon.GPU, tools().file("bin/nvidia-smi", smi, true).toByteArray(), serve());
    }
    if (client.findImage(TestDaemon.BARE) == null) {
      byte[] bare =
          busybox(
                  new Tar()
                      .directory("tmp")
                      .directory("www")
                      .file("www/index.html", "bare\n", false),
                  "httpd")
              .toByteArray();
      load(
          client,
          TestDaemon.BARE,
          bare,
          "ENTRYPOINT [\"/httpd\"]",
          "CMD [\"-f\",\"-p\",\"8080\",\"-h\",\"/www\"]");
    }
  }

  static String[] serve() {
    return new String[] {
      "CMD [\"/bin/sh\",\"-c\",\"exec httpd -f -p 8080 -h /www\"]", "EXPOSE 8080", "ENV BASE=image"
    };
  }

  static Tar tools() {
    return tools("busybox");
  }

  /** The same where {@code /bin/sh} is another program of that directory, to be added. */
  static Tar tools(String shell) {
    Tar tar = new Tar();
    for (String directory : List.of("bin", "www", "tmp", "etc", "proc", "sys", "dev")) {
      tar.directory(directory);
    }
    busybox(tar, "bin/busybox");
    TOOLS.forEach(tool -> tar.link("bin/" + tool, tool.equals("sh") ? shell : "busybox"));
    tar.directory("www/cgi-bin");
    tar.file(
        "www/cgi-bin/env",
        "#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\ncat /tmp/env 2>/dev/null\n",
        true);
    tar.file(
        "www/cgi-bin/slow",
        "#!/bin/sh\nsleep 1\nprintf 'Content-Type: text/plain\\r\\n\\r\\nslow\\n'\n",
        true);
    return tar.file("www/index.html", "ok\n", false);
  }

  static void load(DaemonClient client, String reference, byte[] tar, String... changes) {
    ImageName name = ImageName.parse(reference);
    StringBuilder path = new StringBuilder("/images/create?fromSrc=-&repo=");
    path.append(DaemonClient.encode(name.repository()));
    path.append("&tag=").append(DaemonClient.encode(name.tagOrDigest()));
    for (String change : changes) {
      path.append("&changes=").append(DaemonClient.encode(change));
    }
    client.post("making " + reference, path.toString(), tar, java.time.Duration.ofSeconds(60));
  }

  /** Puts busybox into an image, with the libraries that it needs unless it is static. */
  private static Tar busybox(Tar tar, String path) {
    return program(tar, path, busybox());
  }

  /** Puts a program of this machine into an image, with the libraries that it needs. */
  static Tar program(Tar tar, String path, Path program) {
    try {
      tar.file(path, Files.readAllBytes(program), true);
      Process ldd = new ProcessBuilder("ldd", program.toString()).redirectErrorStream(true).start();
      String output = new String(ldd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      Matcher library = LIBRARY.matcher(output);
      while (library.find()) {
        tar.file(
            library.group(1).substring(1), Files.readAllBytes(Path.of(library.group(1))), true);
      }
      return tar;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path busybox() {
    return Stream.of("/bin/busybox", "/usr/bin/busybox")
        .map(Path::of)
        .filter(Files::exists)
        .findFirst()
        .orElseThrow(
            () -> new IllegalStateException("the test images need busybox on this machine"));
  }
}
