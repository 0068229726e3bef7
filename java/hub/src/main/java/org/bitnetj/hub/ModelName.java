package org.bitnetj.hub;

import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of a model of the hub: {@code owner/repository}, then {@code @revision} (a branch, tag
 * or commit; else {@code main}) and {@code :file} (a GGUF file, or a safetensors file for the
 * checkpoint it belongs to), both optional.
 *
 * @param owner the user or organization
 * @param repository the name of the repository
 * @param revision a branch, tag or commit; empty for {@code main}
 * @param file a file of the repository; empty if there is one to choose
 */
public record ModelName(
    String owner, String repository, Optional<String> revision, Optional<String> file) {
  static final String MAIN = "main";
  private static final Pattern TEXT =
      Pattern.compile("([^/:@]+)/([^/:@]+)(?:@([^:@]+))?(?::(.+))?", Pattern.DOTALL);

  /** The hub's own rule (huggingface_hub, validate_repo_id). */
  private static final Pattern PART = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,95}");

  private static final Pattern REVISION = Pattern.compile("[A-Za-z0-9._/-]+");

  /**
   * Checks the parts.
   *
   * @throws IllegalArgumentException if a part is not of the form the hub allows
   */
  public ModelName {
    Objects.requireNonNull(owner, "owner is null");
    Objects.requireNonNull(repository, "repository is null");
    Objects.requireNonNull(revision, "revision is null");
    Objects.requireNonNull(file, "file is null");
    if (!isPart(owner)
        || !isPart(repository)
        || revision.filter(r -> !REVISION.matcher(r).matches() || !SafePath.isSafe(r)).isPresent()
        || file.filter(f -> !SafePath.isSafe(f)).isPresent()) {
      throw new IllegalArgumentException("not the name of a model of the hub");
    }
  }

  private static boolean isPart(String part) {
    return PART.matcher(part).matches()
        && !part.contains("--")
        && !part.contains("..")
        && !part.endsWith(".")
        && !part.endsWith("-");
  }

  /**
   * {@return the name that {@code text} is, empty if it is none}
   *
   * @param text what a user typed, perhaps
   */
  public static Optional<ModelName> parse(String text) {
    Objects.requireNonNull(text, "text is null");
    Matcher matcher = TEXT.matcher(text);
    try {
      return matcher.matches()
          ? Optional.of(
              new ModelName(
                  matcher.group(1),
                  matcher.group(2),
                  Optional.ofNullable(matcher.group(3)),
                  Optional.ofNullable(matcher.group(4))))
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** {@return {@code owner/repository}} */
  public String id() {
    return owner + "/" + repository;
  }

  String revisionOrMain() {
    return revision.orElse(MAIN);
  }

  ModelName withFile(String other) {
    return new ModelName(owner, repository, revision, Optional.of(other));
  }

  ModelName withRevision(String other) {
    return new ModelName(owner, repository, Optional.of(other).filter(r -> !r.equals(MAIN)), file);
  }

  /** As {@link #parse} reads it. */
  @Override
  public String toString() {
    return id() + revision.map(r -> "@" + r).orElse("") + file.map(f -> ":" + f).orElse("");
  }
}
