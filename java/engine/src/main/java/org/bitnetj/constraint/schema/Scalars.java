package org.bitnetj.constraint.schema;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.bitnetj.constraint.automaton.ByteAutomaton;
import org.bitnetj.constraint.automaton.ByteDfa;
import org.bitnetj.constraint.automaton.CharDfa;
import org.bitnetj.constraint.automaton.FreeString;
import org.bitnetj.constraint.automaton.NumberSpelling;
import org.bitnetj.constraint.automaton.StringSpelling;
import org.bitnetj.constraint.automaton.TooManyStatesException;
import org.jspecify.annotations.Nullable;

/** The null, booleans, numbers and strings that several schemas allow. */
final class Scalars {
  private final List<Keywords> all;
  private final int types;
  private final List<ByteAutomaton> found = new ArrayList<>();

  private Scalars(Conjunctions.Alternative alternative) {
    this.all = alternative.all();
    this.types = alternative.types();
  }

  static List<ByteAutomaton> of(Conjunctions.Alternative alternative) {
    Scalars scalars = new Scalars(alternative);
    scalars.literals();
    scalars.numbers();
    scalars.strings();
    return scalars.found;
  }

  private void literals() {
    List<String> words = new ArrayList<>();
    if ((types & Keywords.NULL) != 0) {
      words.add("null");
    }
    if ((types & Keywords.FALSE) != 0) {
      words.add("false");
    }
    if ((types & Keywords.TRUE) != 0) {
      words.add("true");
    }
    addWords(words);
  }

  private void addWords(List<String> words) {
    if (!words.isEmpty()) {
      found.add(
          ByteDfa.ofBytes(
              words.stream().map(word -> word.getBytes(StandardCharsets.UTF_8)).toList()));
    }
  }

  private void numbers() {
    if ((types & Keywords.NUMBER) == 0) {
      return;
    }
    NumberSpelling.Range range = NumberSpelling.Range.ALL;
    Set<BigDecimal> listed = null;
    for (Keywords words : all) {
      range = Ranges.intersection(range, words.range);
      listed = common(listed, words.numbers);
    }
    if (listed == null) {
      try {
        ByteDfa spelled = NumberSpelling.of(range);
        if (!spelled.isEmpty()) {
          found.add(spelled);
        }
      } catch (TooManyStatesException e) {
        boolean step = range.step() != null && range.step().compareTo(BigDecimal.ONE) != 0;
        throw refusal(
            step ? "multipleOf" : "minimum",
            words ->
                step ? words.range.step() != null : !words.range.equals(NumberSpelling.Range.ALL),
            e);
      }
      return;
    }
    Set<String> spelled = new LinkedHashSet<>();
    for (BigDecimal number : listed) {
      if (range.contains(number)) {
        spelled.add(number.toPlainString());
        if (range.step() == null) {
          addWritten(number, spelled);
        }
      }
    }
    addWords(List.copyOf(spelled));
  }

  /** As schemas write it: 1.0 is 1, too. */
  private void addWritten(BigDecimal number, Set<String> spelled) {
    for (Keywords words : all) {
      String written = words.written.get(number);
      if (written != null) {
        spelled.add(written);
      }
    }
  }

  private void strings() {
    if ((types & Keywords.STRING) == 0) {
      return;
    }
    Set<String> listed = null;
    for (Keywords words : all) {
      listed = common(listed, words.strings);
    }
    if (listed == null) {
      addStrings();
      return;
    }
    List<String> allowed =
        listed.stream().filter(text -> all.stream().allMatch(w -> allows(w, text))).toList();
    if (!allowed.isEmpty()) {
      found.add(StringSpelling.json(allowed));
    }
  }

  private static boolean allows(Keywords words, String text) {
    int length = text.codePointCount(0, text.length());
    return length >= words.minLength
        && length <= words.maxLength
        && (words.pattern == null || words.pattern.label(text) >= 0);
  }

  private void addStrings() {
    int min = 0;
    int max = Keywords.UNBOUNDED;
    Set<CharDfa> patterns = new HashSet<>();
    for (Keywords words : all) {
      min = Math.max(min, words.minLength);
      max = Math.min(max, words.maxLength);
      if (words.pattern != null) {
        patterns.add(words.pattern);
      }
    }
    if (min > max) {
      return;
    }
    try {
      CharDfa dfa = CharDfa.intersection(patterns);
      if (dfa.isUniversal()) {
        found.add(new FreeString(min, max));
        return;
      }
      if (min > 0 || max < Keywords.UNBOUNDED) {
        dfa = CharDfa.intersection(List.of(dfa, CharDfa.ofLength(min, max)));
      }
      if (!dfa.isEmpty()) {
        found.add(StringSpelling.json(dfa));
      }
    } catch (TooManyStatesException e) {
      throw refusal("pattern", words -> words.pattern != null, e);
    }
  }

  private static <T> @Nullable Set<T> common(
      @Nullable Set<T> before, @Nullable Collection<T> more) {
    if (more == null) {
      return before;
    }
    Set<T> result = new LinkedHashSet<>(more);
    if (before != null) {
      result.retainAll(before);
    }
    return result;
  }

  private RuntimeException refusal(
      String keyword, Predicate<Keywords> says, TooManyStatesException e) {
    String pointer = all.stream().filter(says).map(words -> words.pointer).findFirst().orElse("#");
    return SchemaDocument.refusal(keyword, pointer, e.getMessage());
  }

  /**
   * The strings among them, as an automaton over characters: what {@code propertyNames} allows.
   *
   * @throws TooManyStatesException if limits of length are too large for a table
   */
  static CharDfa names(Conjunctions.Alternative alternative) {
    List<CharDfa> parts = new ArrayList<>();
    Set<String> listed = null;
    for (Keywords words : alternative.all()) {
      listed = common(listed, words.strings);
      if (words.pattern != null) {
        parts.add(words.pattern);
      }
      if (words.minLength > 0 || words.maxLength < Keywords.UNBOUNDED) {
        parts.add(CharDfa.ofLength(words.minLength, words.maxLength));
      }
    }
    if (listed != null) {
      parts.add(CharDfa.ofStrings(List.copyOf(listed), -1));
    }
    return CharDfa.intersection(parts);
  }
}
