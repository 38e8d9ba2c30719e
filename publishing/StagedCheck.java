import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/**
 * Checks that a staged repository holds everything that a published library needs, and no more; with
 * {@code --signed}, that all of it is signed.
 */
final class StagedCheck {
  private static final String GROUP = "dev.autodeploy";

  /** A snapshot's version has a time in the names of files. */
  private static final String VERSION = "-\\d[\\d.]*(-(SNAPSHOT|\\d{8}\\.\\d{6}-\\d+))?";

  private static final String SBOM = "-cyclonedx\\.(xml|json)";
  private static final String CHECKSUM = "(\\.(md5|sha1|sha256|sha512))?";

  private final Path repository;
  private final Path root;
  private final boolean signed;
  private final List<String> problems = new ArrayList<>();

  private StagedCheck(Path repository, boolean signed) {
    this.repository = repository;
    this.root = repository.resolve(GROUP.replace('.', '/'));
    this.signed = signed;
  }

  public static void main(String[] arguments) throws Exception {
    boolean signed = arguments[0].equals("--signed");
    StagedCheck check = new StagedCheck(Path.of(arguments[signed ? 1 : 0]), signed);
    int artifacts = check.run();
    check.problems.forEach(problem -> System.err.println("not fit to publish: " + problem));
    if (!check.problems.isEmpty()) {
      System.exit(1);
    }
    System.out.println(artifacts + " artifacts are complete");
  }

  private int run() throws Exception {
    Element parent = pom("autodeploy-parent");
    Element bom = pom("autodeploy-bom");
    Set<String> modules = managed(bom);
    Set<String> expected = new TreeSet<>(modules);
    expected.add("autodeploy-bom");
    expected.add("autodeploy-parent");
    Set<String> staged;
    try (Stream<Path> directories = Files.list(root)) {
      staged =
          directories
              .filter(Files::isDirectory)
              .map(directory -> directory.getFileName().toString())
              .collect(Collectors.toCollection(TreeSet::new));
    }
    require(staged.equals(expected), "staged is " + staged + ", and BOM and parent say " + expected);
    for (String artifact : staged) {
      metadata(artifact, pom(artifact), parent);
    }
    require(children(bom, "parent").isEmpty(), "the BOM has a parent, whose versions it would bring");
    for (String module : modules) {
      if (staged.contains(module)) {
        jars(module);
      }
    }
    noMore(modules);
    return staged.size();
  }

  /** Looks for files that nobody is meant to get, such as jars of tests. */
  private void noMore(Set<String> modules) throws IOException {
    List<Path> all;
    try (Stream<Path> files = Files.walk(repository)) {
      all = files.filter(Files::isRegularFile).toList();
    }
    for (Path file : all) {
      String name = file.getFileName().toString();
      boolean ours = file.startsWith(root);
      String published = ours ? published(root.relativize(file).getName(0).toString(), modules) : "";
      boolean metadata = ours && name.matches("maven-metadata\\.xml" + CHECKSUM);
      require(
          metadata || name.matches(published + "(\\.asc)?" + CHECKSUM),
          repository.relativize(file) + " is not to be published");
      if (signed && name.matches(published)) {
        require(Files.exists(file.resolveSibling(name + ".asc")), name + " is not signed");
      }
    }
  }

  /** The names of an artifact's files, signatures and checksums left out. */
  private static String published(String artifact, Set<String> modules) {
    String jars = modules.contains(artifact) ? "|(-sources|-javadoc)?\\.jar" : "";
    return artifact + VERSION + "(\\.pom|" + SBOM + jars + ")";
  }

  private Set<String> managed(Element bom) {
    Set<String> artifacts = new TreeSet<>();
    for (Element management : children(bom, "dependencyManagement")) {
      for (Element dependencies : children(management, "dependencies")) {
        for (Element dependency : children(dependencies, "dependency")) {
          require(GROUP.equals(text(dependency, "groupId")), "the BOM manages what is not ours");
          artifacts.add(text(dependency, "artifactId"));
        }
      }
    }
    return artifacts;
  }

  /** Name and description are its own; the rest may come from the parent. */
  private void metadata(String artifact, Element pom, Element parent) {
    for (String own : List.of("name", "description")) {
      require(!text(pom, own).isBlank(), artifact + " has no " + own);
    }
    Element rest = children(pom, "parent").isEmpty() ? pom : parent;
    require(text(rest, "url").startsWith("https://"), artifact + " has no url");
    present(artifact, rest, List.of("licenses", "license"), List.of("name", "url"));
    present(artifact, rest, List.of("developers", "developer"), List.of("name"));
    present(artifact, rest, List.of("scm"), List.of("connection", "developerConnection", "url"));
  }

  private void present(String artifact, Element from, List<String> path, List<String> names) {
    Element element = from;
    for (String step : path) {
      List<Element> found = children(element, step);
      require(!found.isEmpty(), artifact + " has no " + step);
      if (found.isEmpty()) {
        return;
      }
      element = found.get(0);
    }
    for (String name : names) {
      require(!text(element, name).isBlank(), artifact + " has no " + name + " in " + path);
    }
  }

  private void jars(String module) throws IOException {
    Path jar = file(module, ".jar");
    Path sources = file(module, "-sources.jar");
    Path javadoc = file(module, "-javadoc.jar");
    for (String sbom : List.of("-cyclonedx.xml", "-cyclonedx.json")) {
      file(module, sbom);
    }
    if (jar == null || sources == null || javadoc == null) {
      return;
    }
    Set<String> classes = names(jar);
    for (Path each : List.of(jar, sources)) {
      require(names(each).contains("META-INF/LICENSE"), each.getFileName() + " has no licence");
    }
    require(
        classes.contains("module-info.class") || automaticName(jar) != null,
        jar.getFileName() + " has neither a descriptor nor an automatic name");
    Set<String> sourceFiles = names(sources);
    for (String name : classes) {
      boolean ours = name.startsWith("dev/autodeploy/") || name.startsWith("META-INF/");
      require(ours || name.equals("module-info.class"), module + " holds a foreign " + name);
      if (name.endsWith(".class") && name.indexOf('$') < 0) {
        String source = name.replaceFirst("\\.class$", ".java");
        require(sourceFiles.contains(source), module + " has no source of " + name);
      }
    }
    Set<String> exported = exported(jar);
    Set<String> pages = names(javadoc);
    require(pages.contains("index.html"), module + " has no Javadoc");
    boolean described = classes.contains("module-info.class");
    String prefix = described && exported.size() > 0 ? moduleName(jar) + "/" : "";
    for (String name : exported) {
      String page = prefix + name.replace('.', '/') + "/package-summary.html";
      require(pages.contains(page), module + " has no Javadoc of " + name);
    }
    for (String page : pages) {
      if (page.endsWith("/package-summary.html")) {
        String name =
            page.substring(prefix.length(), page.lastIndexOf('/')).replace('/', '.');
        require(exported.contains(name), module + " documents " + name + ", which is not API");
      }
    }
  }

  /** What is built on Spring has an automatic name, as Spring has. */
  private static String automaticName(Path jar) throws IOException {
    try (JarFile open = new JarFile(jar.toFile())) {
      return open.getManifest().getMainAttributes().getValue("Automatic-Module-Name");
    }
  }

  private static Set<String> exported(Path jar) throws IOException {
    if (automaticName(jar) != null) {
      return names(jar).stream()
          .filter(name -> name.endsWith(".class"))
          .map(name -> name.substring(0, name.lastIndexOf('/')).replace('/', '.'))
          .collect(Collectors.toCollection(TreeSet::new));
    }
    return descriptor(jar).exports().stream()
        .filter(exports -> !exports.isQualified())
        .map(ModuleDescriptor.Exports::source)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static String moduleName(Path jar) throws IOException {
    return descriptor(jar).name();
  }

  private static ModuleDescriptor descriptor(Path jar) throws IOException {
    try (ZipFile zip = new ZipFile(jar.toFile());
        InputStream in = zip.getInputStream(zip.getEntry("module-info.class"))) {
      return ModuleDescriptor.read(in);
    }
  }

  private static Set<String> names(Path jar) throws IOException {
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      return zip.stream()
          .filter(entry -> !entry.isDirectory())
          .map(ZipEntry::getName)
          .collect(Collectors.toCollection(TreeSet::new));
    }
  }

  private Element pom(String artifact) throws Exception {
    Path file = file(artifact, ".pom");
    if (file == null) {
      throw new IllegalStateException("no POM of " + artifact + " under " + root);
    }
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(file.toFile())
        .getDocumentElement();
  }

  /** The file of an artifact with this end after its version. */
  private Path file(String artifact, String end) throws IOException {
    String name = artifact + VERSION + end.replace(".", "\\.");
    try (Stream<Path> files = Files.walk(root.resolve(artifact))) {
      List<Path> found =
          files.filter(file -> file.getFileName().toString().matches(name)).toList();
      require(found.size() == 1, artifact + " has " + found.size() + " files *" + end);
      return found.isEmpty() ? null : found.get(0);
    }
  }

  private static List<Element> children(Element element, String name) {
    List<Element> children = new ArrayList<>();
    NodeList nodes = element.getChildNodes();
    for (int i = 0; i < nodes.getLength(); i++) {
      Node node = nodes.item(i);
      if (node instanceof Element && node.getNodeName().equals(name)) {
        children.add((Element) node);
      }
    }
    return children;
  }

  private static String text(Element element, String name) {
    List<Element> found = children(element, name);
    return found.isEmpty() ? "" : found.get(0).getTextContent().strip();
  }

  private void require(boolean holds, String problem) {
    if (!holds) {
      problems.add(problem);
    }
  }
}
