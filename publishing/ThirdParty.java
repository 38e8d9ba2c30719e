import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;

/** Lists, from the modules' SBOMs, what each brings into an application and under which licence. */
final class ThirdParty {
  private ThirdParty() {}

  public static void main(String[] arguments) throws Exception {
    Path list = Path.of(arguments[1]);
    List<Path> sboms = Arrays.stream(arguments).skip(2).sorted().map(Path::of).toList();
    String current = list(sboms);
    if (arguments[0].equals("write")) {
      Files.writeString(list, current);
    } else if (!Files.exists(list) || !Files.readString(list).equals(current)) {
      System.err.println(list + " is not current: publishing/check --update-third-party");
      System.err.print(current);
      System.exit(1);
    }
    System.out.println(list + " is current");
  }

  private static String list(List<Path> sboms) throws Exception {
    Map<String, Row> rows = new TreeMap<>();
    for (Path sbom : sboms) {
      Element root =
          DocumentBuilderFactory.newInstance()
              .newDocumentBuilder()
              .parse(sbom.toFile())
              .getDocumentElement();
      String module = text(child(child(root, "metadata"), "component"), "name");
      Element components = child(root, "components");
      for (Element component : components == null ? List.<Element>of() : children(components)) {
        String group = text(component, "group");
        if (group.equals("dev.autodeploy")) {
          continue;
        }
        String name = group + ":" + text(component, "name");
        String version = text(component, "version");
        Row row =
            rows.computeIfAbsent(
                name + ":" + version, key -> new Row(name, version, licences(component)));
        row.modules.add(module.replace("autodeploy-", ""));
      }
    }
    StringBuilder text =
        new StringBuilder(
            """
            # Third-party software

            The libraries that the published modules bring into an application, transitive ones included, and their
            licences. None of it is inside our class jars; the Javadoc jars hold the
            scripts and styles that the JDK's `javadoc` puts there, with their licences in `legal/`. `publishing/check`
            compares this list with the build.

            | artifact | version | licence | comes with |
            | --- | --- | --- | --- |
            """);
    for (Row row : rows.values()) {
      if (row.licences.isEmpty()) {
        throw new IllegalStateException(row.name + " " + row.version + " states no licence");
      }
      text.append("| ").append(row.name).append(" | ").append(row.version);
      text.append(" | ").append(row.licences);
      text.append(" | ").append(String.join(", ", row.modules)).append(" |\n");
    }
    return text.toString();
  }

  private static String licences(Element component) {
    List<String> names = new ArrayList<>();
    Element licences = child(component, "licenses");
    for (Element licence : licences == null ? List.<Element>of() : children(licences)) {
      if (licence.getNodeName().equals("expression")) {
        names.add(licence.getTextContent().strip());
      } else {
        String id = text(licence, "id");
        names.add(id.isEmpty() ? text(licence, "name") : id);
      }
    }
    return names.stream().sorted().distinct().collect(Collectors.joining(", "));
  }

  private static List<Element> children(Element element) {
    List<Element> children = new ArrayList<>();
    NodeList nodes = element.getChildNodes();
    for (int i = 0; i < nodes.getLength(); i++) {
      Node node = nodes.item(i);
      if (node instanceof Element) {
        children.add((Element) node);
      }
    }
    return children;
  }

  private static Element child(Element element, String name) {
    return children(element).stream()
        .filter(child -> child.getNodeName().equals(name))
        .findFirst()
        .orElse(null);
  }

  private static String text(Element element, String name) {
    Element child = child(element, name);
    return child == null ? "" : child.getTextContent().strip();
  }

  private static final class Row {
    final String name;
    final String version;
    final String licences;
    final TreeSet<String> modules = new TreeSet<>();

    Row(String name, String version, String licences) {
      this.name = name;
      this.version = version;
      this.licences = licences;
    }
  }
}
