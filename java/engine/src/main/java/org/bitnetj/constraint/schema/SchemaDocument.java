package org.bitnetj.constraint.schema;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import org.bitnetj.constraint.automaton.CharDfa;
import org.bitnetj.constraint.automaton.PatternException;
import org.bitnetj.constraint.automaton.PatternNfa;
import org.bitnetj.constraint.automaton.TooManyStatesException;
import org.bitnetj.error.GrammarException;
import org.bitnetj.source.Printable;
import org.bitnetj.source.json.Json;
import org.bitnetj.source.json.JsonParser;
import org.jspecify.annotations.Nullable;

/** The text of a schema, read: its parts by place, its references and its regular expressions. */
final class SchemaDocument {
  /** Longest text of a schema, in characters. */
  private static final int MOST_CHARACTERS = 1 << 20;

  private static final int MOST_SHOWN = 80;

  private final Json root;
  private final Map<Json, Term> terms = new IdentityHashMap<>();
  private final Map<String, CharDfa> patterns = new HashMap<>();
  private final String id;
  private final boolean refsStandAlone;

  private SchemaDocument(Json root) {
    this.root = root;
    this.id = text("$id").orElse("").replaceFirst("#$", "");
    // Up to draft 7 whatever stands beside a reference is ignored.
    String dialect = text("$schema").orElse("");
    this.refsStandAlone = dialect.matches(".*/draft-0[3-7]/.*");
    if (!dialect.isEmpty() && !dialect.matches("https?://json-schema.org/.*")) {
      throw refusal("$schema", "#", "names a dialect that is not supported");
    }
  }

  static SchemaDocument parse(String text) {
    if (text.length() > MOST_CHARACTERS) {
      throw new GrammarException(
          "The JSON Schema has more than " + MOST_CHARACTERS + " characters.");
    }
    try {
      return new SchemaDocument(JsonParser.parse(text));
    } catch (JsonParser.Malformed e) {
      throw new GrammarException("The JSON Schema is not JSON: the text " + e.getMessage() + ".");
    }
  }

  private Optional<String> text(String keyword) {
    return root instanceof Json.Members(Map<String, Json> all)
            && all.get(keyword) instanceof Json.Text(String value)
        ? Optional.of(value)
        : Optional.empty();
  }

  boolean refsStandAlone() {
    return refsStandAlone;
  }

  Term root() {
    return term(root, "#");
  }

  /** The schema that a part of the document is. */
  Term term(Json json, String pointer) {
    // true and false are one object everywhere, wherever they stand
    return json instanceof Json.Literal
        ? new Term(json, pointer)
        : terms.computeIfAbsent(json, at -> new Term(at, pointer));
  }

  /** A refusal that names a keyword and its place. */
  static GrammarException refusal(String keyword, String pointer, String clause) {
    return new GrammarException(
        "The JSON Schema's '" + shown(keyword) + "' at " + shown(pointer) + " " + clause + ".");
  }

  static String shown(String text) {
    return Printable.of(text, MOST_SHOWN);
  }

  /** A pointer to a member of what another one points to. */
  static String below(String pointer, String name) {
    return pointer + "/" + name.replace("~", "~0").replace("/", "~1");
  }

  /** The schema that a reference names. */
  Term resolve(String reference, String keyword, String pointer) {
    String fragment;
    if (reference.startsWith("#")) {
      fragment = reference.substring(1);
    } else if (!id.isEmpty() && (reference + "#").startsWith(id + "#")) {
      fragment = reference.substring(Math.min(id.length() + 1, reference.length()));
    } else {
      throw refusal(
          keyword,
          pointer,
          "refers to '"
              + shown(reference)
              + "', which is not in this schema; that is not supported");
    }
    String path = decoded(fragment, keyword, pointer);
    Json found = path.isEmpty() ? root : path.startsWith("/") ? at(path) : anchor(root, path);
    if (found == null) {
      throw refusal(keyword, pointer, "refers to '" + shown(reference) + "', which does not exist");
    }
    return term(found, "#" + path);
  }

  private static String decoded(String fragment, String keyword, String pointer) {
    try {
      return URLDecoder.decode(fragment.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw refusal(keyword, pointer, "is not a reference");
    }
  }

  private @Nullable Json at(String path) {
    Json at = root;
    for (String escaped : path.substring(1).split("/", -1)) {
      String name = escaped.replace("~1", "/").replace("~0", "~");
      at =
          switch (at) {
            case Json.Members(Map<String, Json> all) -> all.get(name);
            case Json.Items items -> {
              boolean index = name.matches("0|[1-9][0-9]{0,8}");
              int i = index ? Integer.parseInt(name) : Integer.MAX_VALUE;
              yield i < items.all().size() ? items.all().get(i) : null;
            }
            case null, default -> null;
          };
    }
    return at;
  }

  private static @Nullable Json anchor(Json at, String name) {
    if (at instanceof Json.Members(Map<String, Json> all)) {
      boolean here =
          all.get("$anchor") instanceof Json.Text(String anchor) && anchor.equals(name)
              || all.get("$dynamicAnchor") instanceof Json.Text(String other) && other.equals(name)
              || all.get("$id") instanceof Json.Text(String old) && old.equals("#" + name);
      if (here) {
        return at;
      }
      for (Map.Entry<String, Json> member : all.entrySet()) {
        boolean data = member.getKey().equals("const") || member.getKey().equals("enum");
        Json found = data ? null : anchor(member.getValue(), name);
        if (found != null) {
          return found;
        }
      }
    } else if (at instanceof Json.Items items) {
      for (Json item : items.all()) {
        Json found = anchor(item, name);
        if (found != null) {
          return found;
        }
      }
    }
    return null;
  }

  /** Most entries of the tables of all patterns: so many are built in a few seconds. */
  private static final int MOST_ENTRIES = 1 << 18;

  private int entries;

  /** The strings in which a regular expression of the schema finds a match. */
  CharDfa pattern(String pattern, String keyword, String pointer) {
    CharDfa known = patterns.get(pattern);
    if (known == null) {
      try {
        known = PatternNfa.compile(pattern, true);
      } catch (PatternException | TooManyStatesException e) {
        throw refusal(keyword, pointer, e.getMessage());
      }
      patterns.put(pattern, known);
      entries += known.size();
      if (entries > MOST_ENTRIES) {
        throw refusal(keyword, pointer, "is one of patterns that are too large together");
      }
    }
    return known;
  }

  /**
   * Most characters of all lists' automata: more than the longest text lists once, but for numbers
   * with large exponents. A list that holds in many places, each with another limit, has an
   * automaton for each.
   */
  private static final int MOST_LISTED = 1 << 21;

  private int listed;

  /** Counts the characters of a value that is listed in one place. */
  void chargeListed(int characters) {
    listed += characters;
    if (listed > MOST_LISTED) {
      throw new GrammarException(
          "The JSON Schema lists values of more than " + MOST_LISTED + " characters together.");
    }
  }
}
