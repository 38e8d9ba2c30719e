package dev.autodeploy.internal.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.internal.files.TrustedPath.LastLink;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TrustedPathTest {
  @TempDir Path temporary;
  private Path directory;

  @BeforeEach
  void realPath() throws Exception {
    directory = temporary.toRealPath();
  }

  @Test
  void createDirectory_makesWhatIsMissingForThisUserOnly() throws Exception {
    Path made = TrustedPath.createDirectory(directory.resolve("a/./b/../c"), LastLink.REFUSED);

    assertThat(made).isEqualTo(directory.resolve("a/c"));
    for (String name : new String[] {"a", "a/b", "a/c"}) {
      assertThat(mode(directory.resolve(name))).isEqualTo("rwx------");
    }
  }

  @Test
  void createDirectory_ofOneThatExists_doesNotChangeIt() throws Exception {
    Path existing = Files.createDirectory(directory.resolve("a"));
    chmod(existing, "rwxr-xr-x");

    TrustedPath.createDirectory(existing, LastLink.REFUSED);

    assertThat(mode(existing)).isEqualTo("rwxr-xr-x");
  }

  @Test
  void writableByEverybody_isRefusedWithWhatToDo() throws Exception {
    Path open = Files.createDirectory(directory.resolve("open"));
    chmod(open, "rwxrwxrwx");

    refused(open, "can be written by other users (mode 0777", "run 'chmod go-w " + open + "'");
    refused(open.resolve("below"), "who could replace what is in it", "autodeploy.strictModes");
    assertThat(open).isEmptyDirectory();
    chmod(open, "rwxr-xr-x");
    TrustedPath.createDirectory(open.resolve("below"), LastLink.REFUSED);
  }

  @Test
  void temporaryDirectory_isNoPlaceItself_butOneAbove() throws Exception {
    Path sticky = Files.createDirectory(directory.resolve("tmp"));
    assertThat(new ProcessBuilder("chmod", "1777", sticky.toString()).start().waitFor()).isZero();

    refused(sticky, "can be written by other users (mode 1777");
    refused(sticky.resolve("x/.."), "can be written by other users (mode 1777");
    TrustedPath.createDirectory(sticky.resolve("mine"), LastLink.REFUSED);
  }

  @Test
  void privateGroup_mayWrite_asWithUmask002() throws Exception {
    Path shared = Files.createDirectory(directory.resolve("home"));
    chmod(shared, "rwxrwxr-x");
    TrustedPath.check(shared.resolve("state"), LastLink.REFUSED); // the group of a user alone
  }

  @Test
  void groupOfOthers_mayNotWrite() throws Exception {
    OtherUser.require(); // only root can give a directory to any group
    Path shared = Files.createDirectory(directory.resolve("home"));
    String group =
        Files.readAllLines(Path.of("/etc/group")).stream()
            .filter(line -> line.startsWith("daemon:") || line.startsWith("users:"))
            .map(line -> line.split(":", -1)[0])
            .findFirst()
            .orElseThrow();
    chown(shared, "root:" + group);
    chmod(shared, "rwxrwxr-x");
    refused(shared, "can be written by other users (mode 0775, group " + group);

    chown(shared, "root:" + OtherUser.UID); // a group without a name that we are not in
    refused(shared, "can be written by other users");
  }

  @Test
  void link_inItsPlace_isRefusedOrFollowed() throws Exception {
    Path target = Files.createDirectory(directory.resolve("target"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), target);

    refused(link, link + " is a symbolic link: give the directory that it leads to");
    refused(link.resolve("."), "is a symbolic link");
    assertThat(TrustedPath.createDirectory(link, LastLink.FOLLOWED)).isEqualTo(target);
    assertThat(TrustedPath.createDirectory(link.resolve("x"), LastLink.REFUSED))
        .isEqualTo(target.resolve("x"));
    Path loop = directory.resolve("loop");
    Files.createSymbolicLink(loop, loop);
    refused(loop.resolve("x"), "too many symbolic links");
  }

  @Test
  void whatAnotherUserMade_isRefused() throws Exception {
    Path everybodys = OtherUser.publicDirectory(directory);
    Path precious = Files.createDirectory(directory.resolve("precious"));
    OtherUser.run("cd " + everybodys + " && mkdir theirs && ln -s " + precious + " link");

    refused(everybodys.resolve("theirs"), "belongs to uid " + OtherUser.UID + ": use a place of");
    refused(everybodys.resolve("theirs/state"), "who could replace what is in it");
    for (LastLink lastLink : LastLink.values()) {
      assertThatThrownBy(() -> TrustedPath.createDirectory(everybodys.resolve("link"), lastLink))
          .isInstanceOf(UnsafePathException.class);
      assertThatThrownBy(
              () -> TrustedPath.createDirectory(everybodys.resolve("link/state"), lastLink))
          .isInstanceOf(UnsafePathException.class)
          .hasMessageContaining("is a symbolic link of uid " + OtherUser.UID);
    }
    assertThat(precious).isEmptyDirectory();
  }

  @Test
  void checkFile_refusesLinksDirectoriesAndWhatOthersWrite() throws Exception {
    Path file = Files.createFile(directory.resolve("file"));
    TrustedPath.checkFile(file);
    TrustedPath.checkFile(directory.resolve("missing"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), file);

    assertThatThrownBy(() -> TrustedPath.checkFile(link)).hasMessageContaining("not a regular");
    assertThatThrownBy(() -> TrustedPath.checkFile(directory))
        .hasMessageContaining("not a regular");
    chmod(file, "rw-rw-rw-");
    assertThatThrownBy(() -> TrustedPath.checkFile(file)).hasMessageContaining("chmod go-w");
  }

  @Test
  void strictModes_canBeSwitchedOff() throws Exception {
    Path open = Files.createDirectory(directory.resolve("open"));
    chmod(open, "rwxrwxrwx");
    System.setProperty(TrustedPath.STRICT_MODES, "false");
    try {
      assertThatCode(() -> TrustedPath.createDirectory(open.resolve("a"), LastLink.REFUSED))
          .doesNotThrowAnyException();
    } finally {
      System.clearProperty(TrustedPath.STRICT_MODES);
    }
  }

  private static void refused(Path path, String... words) {
    assertThatThrownBy(() -> TrustedPath.createDirectory(path, LastLink.REFUSED))
        .isInstanceOf(UnsafePathException.class)
        .hasMessageContainingAll(words);
  }

  private static String mode(Path path) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  private static void chmod(Path path, String mode) throws Exception {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
  }

  private static void chown(Path path, String owner) throws Exception {
    assertThat(new ProcessBuilder("chown", owner, path.toString()).start().waitFor()).isZero();
  }
}
