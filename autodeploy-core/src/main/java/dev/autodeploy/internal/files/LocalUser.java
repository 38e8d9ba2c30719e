package dev.autodeploy.internal.files;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The user that this process runs as, and who else is in a group. Immutable.
 *
 * @param uid its effective id
 * @param groups the ids of the groups that this process is in, where the system tells
 * @param unmapped the owner that is shown for files of users outside of this user namespace, or -1
 *     if this is not one
 */
record LocalUser(long uid, Set<Long> groups, long unmapped) {
  private static final Path STATUS = Path.of("/proc/self/status");

  /** Returns the user of this process. */
  static LocalUser current() throws IOException {
    return Files.isReadable(STATUS) ? ofProc() : new LocalUser(uidOfNewFile(), Set.of(), -1);
  }

  private static LocalUser ofProc() throws IOException {
    long uid = -1;
    Set<Long> groups = new HashSet<>();
    for (String line : Files.readAllLines(STATUS, StandardCharsets.ISO_8859_1)) {
      String[] words = line.split("\\s+", -1);
      switch (words[0]) {
        case "Uid:" -> uid = Long.parseLong(words[2]);
        case "Gid:" -> groups.add(Long.parseLong(words[2]));
        case "Groups:" -> {
          for (int i = 1; i < words.length; i++) {
            if (!words[i].isEmpty()) {
              groups.add(Long.parseLong(words[i]));
            }
          }
        }
        default -> {}
      }
    }
    return new LocalUser(uid, Set.copyOf(groups), unmappedOwner());
  }

  private static long unmappedOwner() {
    String map = text(Path.of("/proc/self/uid_map")).strip();
    if (map.isEmpty() || map.matches("0\\s+0\\s+4294967295")) {
      return -1;
    }
    String owner = text(Path.of("/proc/sys/kernel/overflowuid")).strip();
    return owner.matches("[0-9]+") ? Long.parseLong(owner) : 65534;
  }

  private static long uidOfNewFile() throws IOException {
    Path file = Files.createTempFile("autodeploy", null);
    try {
      FileFacts facts = FileFacts.of(file);
      if (facts == null) {
        throw new IOException("the temporary directory loses files");
      }
      return facts.uid();
    } finally {
      Files.delete(file);
    }
  }

  /** Returns whether a file belongs to this user or to root. */
  boolean trustsOwner(FileFacts facts) {
    return facts.uid() == uid || facts.uid() == 0;
  }

  /**
   * Returns whether nobody but a file's owner, this user and root is in the file's group, as with
   * the private groups that come with umask 002.
   */
  boolean isAloneInGroup(FileFacts facts) {
    Names names = Names.read();
    Set<Long> trusted = new HashSet<>(List.of(uid, 0L, facts.uid()));
    for (Map.Entry<Long, Long> user : names.primaryGroups().entrySet()) {
      if (user.getValue() == facts.gid() && !trusted.contains(user.getKey())) {
        return false;
      }
    }
    boolean named = !facts.group().equals(String.valueOf(facts.gid()));
    if (!named && facts.gid() != facts.uid()) {
      // A number without a name, as containers get it for a volume: only root puts anybody in.
      return groups.contains(facts.gid());
    }
    // Members may also come from a directory service, which does not list them: so the name counts.
    if (facts.gid() != 0
        && !facts.group().equals(facts.owner())
        && !facts.group().equals(names.userName(uid))) {
      return false;
    }
    return names.members(facts.gid()).stream()
        .allMatch(
            member -> {
              Long id = names.uids().get(member);
              return member.equals(facts.owner()) || (id != null && trusted.contains(id));
            });
  }

  /**
   * The users and groups that this machine knows by itself.
   *
   * @param uids the ids of the users by their names
   * @param primaryGroups the users' primary groups, by their ids
   * @param groups the members of the groups by their ids
   */
  private record Names(
      Map<String, Long> uids, Map<Long, Long> primaryGroups, Map<Long, List<String>> groups) {

    static Names read() {
      Map<String, Long> uids = new HashMap<>();
      Map<Long, Long> primaryGroups = new HashMap<>();
      for (String[] entry : entries("/etc/passwd")) {
        uids.put(entry[0], number(entry[2]));
        primaryGroups.put(number(entry[2]), number(entry[3]));
      }
      Map<Long, List<String>> groups = new HashMap<>();
      for (String[] entry : entries("/etc/group")) {
        List<String> members = List.of(entry[3].isBlank() ? new String[0] : entry[3].split(",", 0));
        groups.computeIfAbsent(number(entry[2]), id -> new ArrayList<>()).addAll(members);
      }
      return new Names(uids, primaryGroups, groups);
    }

    @Nullable String userName(long uid) {
      return uids.entrySet().stream()
          .filter(user -> user.getValue() == uid)
          .map(Map.Entry::getKey)
          .findFirst()
          .orElse(null);
    }

    List<String> members(long gid) {
      return groups.getOrDefault(gid, List.of());
    }

    private static List<String[]> entries(String file) {
      return text(Path.of(file))
          .lines()
          .map(line -> line.split(":", -1))
          .filter(entry -> entry.length > 3)
          .toList();
    }

    private static long number(String text) {
      return text.matches("[0-9]{1,10}") ? Long.parseLong(text) : -1;
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }
}
