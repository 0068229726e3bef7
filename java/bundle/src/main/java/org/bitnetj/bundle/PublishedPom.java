package org.bitnetj.bundle;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;

/**
 * A POM as it is published. It must say everything itself: a parent counts for nothing.
 *
 * @param file where it was read from
 * @param project its root element
 */
record PublishedPom(Path file, Element project) {
  /** What Maven Central wants to be there, as paths of elements. */
  static final List<String> NEEDED =
      List.of(
          "groupId",
          "artifactId",
          "version",
          "name",
          "description",
          "url",
          "licenses/license/name",
          "licenses/license/url",
          "developers/developer/name",
          "scm/connection",
          "scm/developerConnection",
          "scm/url");

  /** What it depends on, or manages the version of. */
  record Dependency(String groupId, String artifactId, String version) {
    String key() {
      return groupId + ":" + artifactId;
    }
  }

  /**
   * @throws IOException if it cannot be read or is no XML
   */
  static PublishedPom read(Path file) throws IOException {
    try {
      DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
      factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
      factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
      return new PublishedPom(
          file, factory.newDocumentBuilder().parse(file.toFile()).getDocumentElement());
    } catch (SAXException | ParserConfigurationException e) {
      throw new IOException(file + " is no XML: " + e.getMessage(), e);
    }
  }

  String groupId() {
    return text("groupId");
  }

  String artifactId() {
    return text("artifactId");
  }

  String version() {
    return text("version");
  }

  String packaging() {
    return text("packaging").isEmpty() ? "jar" : text("packaging");
  }

  String key() {
    return groupId() + ":" + artifactId();
  }

  /** The text of the first element at this path; empty if there is none. */
  String text(String path) {
    List<Element> found = List.of(project);
    for (String name : path.split("/")) {
      found = found.isEmpty() ? found : children(found.getFirst(), name);
    }
    return found.isEmpty() ? "" : found.getFirst().getTextContent().strip();
  }

  List<Dependency> dependencies() {
    List<Element> lists = new ArrayList<>(children(project, "dependencies"));
    for (Element management : children(project, "dependencyManagement")) {
      lists.addAll(children(management, "dependencies"));
    }
    List<Dependency> dependencies = new ArrayList<>();
    for (Element list : lists) {
      for (Element dependency : children(list, "dependency")) {
        dependencies.add(
            new Dependency(
                child(dependency, "groupId"),
                child(dependency, "artifactId"),
                child(dependency, "version")));
      }
    }
    return dependencies;
  }

  private String child(Element parent, String name) {
    List<Element> found = children(parent, name);
    String text = found.isEmpty() ? "" : found.getFirst().getTextContent().strip();
    return text.replace("${project.version}", version());
  }

  private static List<Element> children(Element parent, String name) {
    List<Element> found = new ArrayList<>();
    for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
      if (node instanceof Element element && element.getTagName().equals(name)) {
        found.add(element);
      }
    }
    return found;
  }
}
