package dev.autodeploy.internal.spec;

import static java.util.Objects.requireNonNull;

import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.GpuRequest;
import dev.autodeploy.Mount;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A short digest of the settings that a running instance depends on: instances are labelled with
 * it, and one whose label still fits its deployment is adopted after a restart.
 *
 * <p>It covers image, snapshot, GPUs, port, start command, environment (in any order), mounts,
 * shared memory, limits and working directory. It leaves out what the engine alone goes by, such as
 * timeouts, limits and prices: these change without replacing an instance.
 *
 * <p>Environment values go into it only through SHA-256, together with the deployment's name and
 * all the other settings, and three quarters of the digest are dropped. A random secret cannot be
 * recovered from the label. Whoever knows all other settings can check a guess, as with any digest,
 * so the label hides a weak password no better than the instance's own environment does.
 */
public final class SpecFingerprint {

  /** Changes with the encoding, which makes every instance that is labelled the old way unfit. */
  private static final String ENCODING = "autodeploy-fingerprint-1";

  /** 64 bits: enough to tell a deployment's revisions apart, short enough to read in a label. */
  private static final int BYTES = 8;

  private SpecFingerprint() {}

  /**
   * Returns the fingerprint of a specification. It is the same in every process and on every
   * machine.
   *
   * @param spec the specification
   * @return 16 hexadecimal digits in lower case
   */
  public static String of(DeploymentSpec spec) {
    requireNonNull(spec, "spec");
    return HexFormat.of().formatHex(sha256(encode(spec)), 0, BYTES);
  }

  private static byte[] encode(DeploymentSpec spec) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      text(out, ENCODING);
      text(out, spec.name());
      text(out, spec.image());
      text(out, spec.snapshot());
      gpu(out, spec.gpu());
      out.writeInt(spec.port());
      text(out, spec.startCommand());
      environment(out, spec.environment());
      out.writeInt(spec.mounts().size());
      for (Mount mount : spec.mounts()) {
        text(out, mount.source());
        text(out, mount.target());
        out.writeBoolean(mount.readOnly());
      }
      Long sharedMemory = spec.sharedMemoryBytes();
      out.writeLong(sharedMemory == null ? -1 : sharedMemory);
      if (!spec.arguments().isEmpty()) { // came later: others keep the fingerprint that they had
        out.writeInt(spec.arguments().size());
        for (String argument : spec.arguments()) {
          text(out, argument);
        }
      }
      later(out, "memoryBytes", spec.memoryBytes());
      later(out, "gpuMemory", spec.gpu().isWhole() ? null : spec.gpu().memoryBytes());
      later(out, "cpus", spec.cpus());
      later(out, "maxProcesses", spec.maxProcesses());
      later(out, "workingDirectory", spec.workingDirectory());
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory failed", e);
    }
    return bytes.toByteArray();
  }

  /** A setting that came later: deployments without it keep the fingerprint that they had. */
  private static void later(DataOutputStream out, String name, @Nullable Object value)
      throws IOException {
    if (value != null) {
      text(out, name);
      text(out, value.toString());
    }
  }

  private static void gpu(DataOutputStream out, GpuRequest gpu) throws IOException {
    out.writeInt(gpu.count());
    out.writeInt(gpu.ids().size());
    for (String id : gpu.ids()) {
      text(out, id);
    }
    text(out, gpu.model());
  }

  private static void environment(DataOutputStream out, Map<String, String> environment)
      throws IOException {
    out.writeInt(environment.size());
    for (Map.Entry<String, String> variable : new TreeMap<>(environment).entrySet()) {
      text(out, variable.getKey());
      text(out, variable.getValue());
    }
  }

  /** The length comes first, so that no two lists of texts are encoded alike; -1 is no text. */
  private static void text(DataOutputStream out, @Nullable String text) throws IOException {
    if (text == null) {
      out.writeInt(-1);
    } else {
      out.writeInt(text.length());
      out.writeChars(text);
    }
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(
          "this JVM lacks SHA-256, which every Java platform must provide", e);
    }
  }
}
