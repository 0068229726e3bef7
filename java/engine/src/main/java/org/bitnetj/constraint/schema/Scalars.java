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
import org.bitnetj.constraint.automaton.ByteTrie;
import org.bitnetj.constraint.automaton.CharDfa;
import org.bitnetj.constraint.automaton.FreeString;
import org.bitnetj.constraint.automaton.NumberSpelling;
import org.bitnetj.constraint.automaton.StringSpelling;
import org.bitnetj.constraint.automaton.TooManyStatesException;
import org.bitnetj.error.GrammarException;
import org.jspecify.annotations.Nullable;

/** The null, booleans, numbers and strings that several schemas allow. */
final class Scalars {
  private final List<Keywords> all;
  private final int types;
  private final List<ByteAutomaton> found;

  /** As JSON writes them. */
  private final Set<String> listed;

  private final SchemaDocument document;

  private Scalars(
      Conjunctions.Alternative alternative,
      List<ByteAutomaton> found,
      Set<String> listed,
      SchemaDocument document) {
    this.document = document;
    this.all = alternative.all();
    this.types = alternative.types();
    this.found = found;
    this.listed = listed;
  }

  /**
   * Of any of some alternatives; all that are listed are one automaton.
   *
   * @throws GrammarException if the values of the document list too much together
   */
  static List<ByteAutomaton> of(
      List<Conjunctions.Alternative> alternatives, SchemaDocument document) {
    List<ByteAutomaton> found = new ArrayList<>();
    Set<String> listed = new LinkedHashSet<>();
    for (Conjunctions.Alternative alternative : alternatives) {
      Scalars scalars = new Scalars(alternative, found, listed, document);
      scalars.literals();
      scalars.numbers();
      scalars.strings();
    }
    if (!listed.isEmpty()) {
      found.add(
          new ByteTrie(
              listed.stream().map(word -> word.getBytes(StandardCharsets.UTF_8)).toList()));
    }
    return found;
  }

  private void list(String word) {
    if (listed.add(word)) {
      document.chargeListed(word.length());
    }
  }

  private void literals() {
    if ((types & Keywords.NULL) != 0) {
      list("null");
    }
    if ((types & Keywords.FALSE) != 0) {
      list("false");
    }
    if ((types & Keywords.TRUE) != 0) {
      list("true");
    }
  }

  private void numbers() {
    if ((types & Keywords.NUMBER) == 0) {
      return;
    }
    NumberSpelling.Range range = NumberSpelling.Range.ALL;
    Set<BigDecimal> numbers = null;
    for (Keywords words : all) {
      range = Ranges.intersection(range, words.range);
      numbers = common(numbers, words.numbers);
    }
    if (numbers == null) {
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
    for (BigDecimal number : numbers) {
      if (range.contains(number)) {
        list(number.toPlainString());
        if (range.step() == null) {
          addWritten(number);
        }
      }
    }
  }

  /** As schemas write it: 1.0 is 1, too. */
  private void addWritten(BigDecimal number) {
    for (Keywords words : all) {
      String written = words.written.get(number);
      if (written != null) {
        list(written);
      }
    }
  }

  private void strings() {
    if ((types & Keywords.STRING) == 0) {
      return;
    }
    Set<String> texts = null;
    for (Keywords words : all) {
      texts = common(texts, words.strings);
    }
    if (texts == null) {
      addStrings();
      return;
    }
    texts.stream()
        .filter(text -> all.stream().allMatch(words -> allows(words, text)))
        .forEach(text -> list(StringSpelling.json(text)));
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
