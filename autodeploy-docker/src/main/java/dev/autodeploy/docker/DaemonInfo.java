package dev.autodeploy.docker;

import com.github.dockerjava.api.model.Info;
import dev.autodeploy.internal.text.PlainText;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A daemon's description of itself when it was checked.
 *
 * @param id the daemon's own id, or its host's name where it has none
 * @param product such as {@code Docker} or {@code Podman}
 * @param version the product's version
 * @param apiVersion the version of the API that is spoken with it
 * @param osType what its containers run, {@code linux} or {@code windows}
 * @param cdiDevices the devices that it has discovered, by their CDI names
 * @param clockSkew how far its clock is ahead of this process's
 * @param machine the machine that it runs on
 */
record DaemonInfo(
    String id,
    String product,
    String version,
    String apiVersion,
    String osType,
    List<String> cdiDevices,
    Duration clockSkew,
    Machine machine) {

  DaemonInfo {
    id = PlainText.line(id);
    product = PlainText.line(product);
    version = PlainText.line(version);
    apiVersion = PlainText.line(apiVersion);
    osType = PlainText.line(osType);
    cdiDevices = cdiDevices.stream().map(PlainText::line).toList();
  }

  boolean isPodman() {
    return product.equals("Podman");
  }

  int majorVersion() {
    String major = version.split("\\D", 2)[0];
    return major.isEmpty() || major.length() > 6 ? 0 : Integer.parseInt(major);
  }

  /** The discovered devices of a vendor, without the names that stand for all of them. */
  List<String> cdiDevices(String kind) {
    return cdiDevices.stream()
        .filter(device -> device.startsWith(kind + "=") && !device.endsWith("=all"))
        .toList();
  }

  static List<String> cdiDevices(Info info) {
    List<String> devices = new ArrayList<>();
    if (info.getRawValues().get("DiscoveredDevices") instanceof List<?> discovered) {
      for (Object device : discovered) {
        if (device instanceof Map<?, ?> map
            && "cdi".equals(map.get("Source"))
            && map.get("ID") instanceof String id) {
          devices.add(id);
        }
      }
    }
    return devices;
  }

  /** A daemon that takes its time looked at its clock at any moment between question and answer. */
  static Duration skew(Info info, Instant asked, Instant answered) {
    if (info.getSystemTime() == null) {
      return Duration.ZERO;
    }
    try {
      Instant theirs = Instant.parse(info.getSystemTime());
      return theirs.isBefore(asked)
          ? Duration.between(asked, theirs)
          : theirs.isAfter(answered) ? Duration.between(answered, theirs) : Duration.ZERO;
    } catch (DateTimeException e) {
      return Duration.ZERO;
    }
  }
}
