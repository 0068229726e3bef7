package org.bitnetj.constraint.schema;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bitnetj.constraint.automaton.CharDfa;
import org.bitnetj.constraint.automaton.NumberSpelling.Range;
import org.jspecify.annotations.Nullable;

/** What one schema says by its own keywords. {@link KeywordReader} fills it in. */
final class Keywords {
  static final int NULL = 1;
  static final int FALSE = 2;
  static final int TRUE = 4;
  static final int NUMBER = 8;
  static final int STRING = 16;
  static final int ARRAY = 32;
  static final int OBJECT = 64;
  static final int ALL = 127;

  /** No limit of a count. */
  static final int UNBOUNDED = Integer.MAX_VALUE;

  /** Alternatives, of which one must hold, or exactly one. */
  record Choice(List<Term> terms, boolean exactlyOne, String pointer) {}

  /** A regular expression, and the schema of the members whose names it matches. */
  record PatternProperty(CharDfa pattern, Term value) {}

  final String pointer;

  /** The kinds of values that it allows. */
  int types = ALL;

  /** The strings and numbers that it lists; null if it lists no values. */
  @Nullable Set<String> strings;

  @Nullable List<BigDecimal> numbers;

  /** By number that it lists: how it is written there. */
  final Map<BigDecimal, String> written = new LinkedHashMap<>();

  Range range = Range.ALL;
  int minLength;
  int maxLength = UNBOUNDED;
  @Nullable CharDfa pattern;

  List<Term> prefixItems = List.of();
  @Nullable Term items;
  int minItems;
  int maxItems = UNBOUNDED;

  final Map<String, Term> properties = new LinkedHashMap<>();
  final Map<String, PatternProperty> patternProperties = new LinkedHashMap<>();
  @Nullable Term additionalProperties;
  @Nullable Term propertyNames;
  final Set<String> required = new LinkedHashSet<>();
  int minProperties;
  int maxProperties = UNBOUNDED;

  /** Schemas that hold for the same value. */
  final List<Term> allOf = new ArrayList<>();

  final List<Choice> choices = new ArrayList<>();

  Keywords(String pointer) {
    this.pointer = pointer;
  }
}
