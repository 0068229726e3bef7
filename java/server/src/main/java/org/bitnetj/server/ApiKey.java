package org.bitnetj.server;

import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A key that requests bring. The constructor refuses wrong values with an {@link
 * IllegalArgumentException} whose message is a sentence; it never has the key.
 *
 * @param key without white space
 * @param name what the log calls it; up to 64 letters, digits, '_', '.' and '-'
 * @param priority of the requests that bring it, from -1000 to 1000: of those that wait, one of a
 *     higher priority has its turn before all of lower ones
 */
public record ApiKey(String key, String name, int priority) {
  private static final int MOST = 1000;
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,64}");
  private static final Pattern SPACE = Pattern.compile("\\s+");

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if one is not allowed; the message is a sentence
   */
  public ApiKey {
    Objects.requireNonNull(key, "key is null");
    Objects.requireNonNull(name, "name is null");
    if (key.isEmpty() || key.chars().anyMatch(Character::isWhitespace)) {
      throw new IllegalArgumentException("An API key must not be empty or have white space.");
    }
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "The name of an API key must be up to 64 letters, digits, '_', '.' and '-'.");
    }
    if (priority < -MOST || priority > MOST) {
      throw new IllegalArgumentException(
          "The priority of API key " + name + " must be from -" + MOST + " to " + MOST + ".");
    }
  }

  /**
   * Reads a key as files of keys have it: the key, and perhaps {@code priority=N} and {@code
   * name=NAME} after it.
   *
   * @param line a line of a file of keys
   * @param name what it is called if the line does not say so
   * @return the key
   * @throws IllegalArgumentException if the line has something else
   */
  public static ApiKey parse(String line, String name) {
    Objects.requireNonNull(line, "line is null");
    Objects.requireNonNull(name, "name is null");
    String[] words = SPACE.split(line.strip());
    int priority = 0;
    for (int i = 1; i < words.length; i++) {
      if (words[i].startsWith("name=")) {
        name = words[i].substring(5);
      } else if (words[i].matches("priority=-?\\d{1,6}")) {
        priority = Integer.parseInt(words[i].substring(9));
      } else {
        throw new IllegalArgumentException(
            "API key "
                + name
                + " is followed by something else than priority=N or name=NAME, N being a whole"
                + " number.");
      }
    }
    return new ApiKey(words[0], name, priority);
  }

  /** Without the key. */
  @Override
  public String toString() {
    return name + " (priority " + priority + ")";
  }
}
