package dev.autodeploy.docker;

import com.github.dockerjava.api.command.InspectContainerResponse;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The context of a build that puts what is in a container's volumes over an image, written while
 * the daemon reads it: volumes are mounted in every container, so nothing but a build reaches what
 * lies below them. Their archives come from the daemon, and are cut into many small ones, since an
 * archive in another one has to say how long it is before it begins. No more than one of these is
 * in memory, and a large file in none.
 */
final class VolumeContext implements DaemonTransport.Content {
  /** The length of files that are put together, and of what they are put together to. */
  private static final int SMALL = 1 << 20;

  private static final int PART = 4 << 20;
  private static final byte[] END = new byte[2 * TarEntry.BLOCK];

  /** Paths that mean the same in the file of a build. */
  private static final Pattern PLAIN = Pattern.compile("(/[A-Za-z0-9_@%+=:,.~-]+)+");

  private final DaemonClient client;
  private final String container;
  private final String image;
  private final List<String> volumes;
  private final List<String> mounts;

  // Used by the one thread that writes.
  private final ByteArrayOutputStream small = new ByteArrayOutputStream();
  private int parts;

  /**
   * Makes one.
   *
   * @param container the container's id
   * @param image what they are put over
   * @param volumes where the volumes are mounted
   * @param mounts where anything is mounted
   */
  VolumeContext(
      DaemonClient client,
      String container,
      String image,
      List<String> volumes,
      List<String> mounts) {
    this.client = client;
    this.container = container;
    this.image = image;
    this.volumes = volumes;
    this.mounts = mounts;
  }

  /** Returns where the volumes are mounted that can be copied. */
  static List<String> volumes(InspectContainerResponse container) {
    List<String> paths = new ArrayList<>();
    if (container.getMounts() != null) {
      for (InspectContainerResponse.Mount mount : container.getMounts()) {
        boolean isVolume = mount.getName() != null && !mount.getName().isEmpty();
        if (isVolume
            && mount.getDestination() != null
            && PLAIN.matcher(mount.getDestination().getPath()).matches()) {
          paths.add(mount.getDestination().getPath());
        }
      }
    }
    paths.sort(null);
    return paths;
  }

  @Override
  public void writeTo(OutputStream out) throws IOException {
    StringBuilder file = new StringBuilder("FROM " + image + "\n");
    for (int i = 0; i < volumes.size(); i++) {
      String volume = volumes.get(i);
      parts = 0;
      copy(volume, "v" + i, out);
      String parent = volume.substring(0, volume.lastIndexOf('/') + 1);
      file.append("ADD [\"v").append(i).append("-*.tar\", \"").append(parent).append("\"]\n");
    }
    byte[] text = file.toString().getBytes(StandardCharsets.US_ASCII);
    out.write(TarEntry.header("Dockerfile", text.length));
    out.write(text);
    out.write(new byte[(int) (TarEntry.padded(text.length) - text.length)]);
    out.write(END);
  }

  private void copy(String volume, String name, OutputStream out) throws IOException {
    String doing = "copying volume " + volume;
    String path = "/containers/" + container + "/archive?path=" + DaemonClient.encode(volume);
    try (DaemonTransport.Exchange exchange = client.follow(path);
        DaemonTransport.Answer answer = open(exchange, doing)) {
      Source source = new Source(answer.getBody(), doing);
      for (TarEntry entry = source.next(); entry != null; entry = source.next()) {
        boolean elsewhere = isInAnother(volume, entry.name());
        if (elsewhere) {
          source.skip(entry.paddedSize());
        } else if (entry.size() <= SMALL) {
          small.write(entry.head());
          source.copy(entry.paddedSize(), small);
          if (small.size() > PART) {
            flush(name, out);
          }
        } else {
          flush(name, out);
          begin(name, entry.head().length + entry.paddedSize(), out);
          out.write(entry.head());
          source.copy(entry.paddedSize(), out);
          out.write(END);
        }
      }
      flush(name, out);
    }
  }

  private static DaemonTransport.Answer open(DaemonTransport.Exchange exchange, String doing) {
    try {
      DaemonTransport.Answer answer = exchange.open();
      if (answer.getStatusCode() != 200) {
        byte[] text = answer.getBody().readNBytes(1 << 16);
        answer.close();
        throw DockerDaemonException.answered(doing, new String(text, StandardCharsets.UTF_8));
      }
      return answer;
    } catch (IOException e) {
      throw DockerDaemonException.of(doing, e);
    }
  }

  /** Returns whether something else is mounted over a path of a volume. */
  private boolean isInAnother(String volume, String name) {
    String path = volume.substring(0, volume.lastIndexOf('/') + 1) + name;
    return mounts.stream()
        .anyMatch(
            other ->
                other.length() > volume.length()
                    && other.startsWith(volume + "/")
                    && path.startsWith(other + "/")
                    && path.length() > other.length() + 1);
  }

  /** Writes the entries that were put together as an archive of their own. */
  private void flush(String name, OutputStream out) throws IOException {
    if (small.size() > 0) {
      begin(name, small.size(), out);
      small.writeTo(out);
      out.write(END);
      small.reset();
    }
  }

  private void begin(String name, long length, OutputStream out) throws IOException {
    out.write(TarEntry.header(String.format("%s-%08d.tar", name, parts++), length + END.length));
  }

  /**
   * The archive of a volume. Its failures are the daemon's, which must not be taken for those of
   * the build that it is written to.
   */
  private static final class Source {
    private final InputStream in;
    private final String doing;
    private final byte[] buffer = new byte[1 << 16];

    Source(InputStream in, String doing) {
      this.in = in;
      this.doing = doing;
    }

    @Nullable TarEntry next() {
      try {
        return TarEntry.read(in);
      } catch (IOException e) {
        throw failure(e);
      }
    }

    void skip(long bytes) {
      try {
        in.skipNBytes(bytes);
      } catch (IOException e) {
        throw failure(e);
      }
    }

    void copy(long bytes, OutputStream out) throws IOException {
      for (long left = bytes; left > 0; ) {
        int read = read((int) Math.min(left, buffer.length));
        out.write(buffer, 0, read);
        left -= read;
      }
    }

    private int read(int most) {
      try {
        int read = in.read(buffer, 0, most);
        if (read < 0) {
          throw new EOFException("the archive ended in the middle");
        }
        return read;
      } catch (IOException e) {
        throw failure(e);
      }
    }

    private DockerDaemonException failure(IOException e) {
      return e instanceof EOFException
          ? new DockerDaemonException(
              DockerProblem.OTHER,
              doing,
              "its archive ended in the middle, as where a file in it shrinks meanwhile",
              e)
          : DockerDaemonException.of(doing, e);
    }
  }
}
