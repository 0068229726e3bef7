package org.bitnetj.constraint.schema;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.bitnetj.constraint.automaton.CharDfa;
import org.bitnetj.source.json.Json;
import org.jspecify.annotations.Nullable;

/**
 * The members that objects under several schemas may have: for each name the schemas of its value.
 * Names that some schema has by itself have a label of their own; others share one if the same
 * regular expressions match them.
 */
final class MemberNames {
  private final List<Keywords> all;
  private final Function<Set<Term>, Draft> drafts;

  /** The regular expressions of all schemas, each once. */
  private final Map<String, CharDfa> patterns = new LinkedHashMap<>();

  private final List<Draft> values = new ArrayList<>();

  private MemberNames(List<Keywords> all, Function<Set<Term>, Draft> drafts) {
    this.all = all;
    this.drafts = drafts;
    for (Keywords words : all) {
      words.patternProperties.forEach((text, p) -> patterns.put(text, p.pattern()));
    }
  }

  /**
   * @param allowed accepts the names that {@code propertyNames} allows; null for all
   * @param drafts the draft of a conjunction
   * @return null if a name is required that is not allowed
   */
  static Draft.@Nullable Members of(
      List<Keywords> all, @Nullable CharDfa allowed, Function<Set<Term>, Draft> drafts) {
    return new MemberNames(all, drafts).members(allowed);
  }

  private Draft.@Nullable Members members(@Nullable CharDfa allowed) {
    Set<String> required = new LinkedHashSet<>();
    all.forEach(words -> required.addAll(words.required));
    Set<String> named = new LinkedHashSet<>(required);
    all.forEach(words -> named.addAll(words.properties.keySet()));
    List<String> known = new ArrayList<>();
    List<String> refused = new ArrayList<>();
    for (String name : named) {
      Set<Term> terms = termsOf(name);
      if (terms != null && (allowed == null || allowed.label(name) >= 0)) {
        known.add(name);
        values.add(drafts.apply(terms));
      } else if (required.contains(name)) {
        return null;
      } else {
        refused.add(name);
      }
    }
    int min = 0;
    int max = Keywords.UNBOUNDED;
    for (Keywords words : all) {
      min = Math.max(min, words.minProperties);
      max = Math.min(max, words.maxProperties);
    }
    if (required.size() > max || min > max) {
      return null;
    }
    return new Draft.Members(automaton(known, refused, allowed), required.size(), values, min, max);
  }

  /** The schemas of the member of that name; null if there may be none. */
  private @Nullable Set<Term> termsOf(String name) {
    BitSet matches = new BitSet();
    int i = 0;
    for (CharDfa pattern : patterns.values()) {
      matches.set(i++, pattern.label(name) >= 0);
    }
    return terms(name, matches);
  }

  private @Nullable Set<Term> terms(@Nullable String name, BitSet matches) {
    Set<Term> terms = new LinkedHashSet<>();
    List<String> texts = List.copyOf(patterns.keySet());
    for (Keywords words : all) {
      Term own = name == null ? null : words.properties.get(name);
      boolean evaluated = own != null;
      if (own != null) {
        terms.add(own);
      }
      for (int i = matches.nextSetBit(0); i >= 0; i = matches.nextSetBit(i + 1)) {
        Keywords.PatternProperty property = words.patternProperties.get(texts.get(i));
        if (property != null) {
          terms.add(property.value());
          evaluated = true;
        }
      }
      if (!evaluated && words.additionalProperties != null) {
        terms.add(words.additionalProperties);
      }
    }
    return terms.stream().anyMatch(MemberNames::isFalse) ? null : terms;
  }

  private static boolean isFalse(Term term) {
    return term.json() == Json.Literal.FALSE;
  }

  private CharDfa automaton(List<String> known, List<String> refused, @Nullable CharDfa allowed) {
    if (patterns.isEmpty()) {
      Set<Term> others = terms(null, new BitSet());
      if (others == null) {
        return CharDfa.ofStrings(known, -1); // propertyNames is seen to
      }
    }
    List<String> listed = new ArrayList<>(known);
    listed.addAll(refused);
    int other = listed.size();
    List<CharDfa> parts = new ArrayList<>();
    parts.add(CharDfa.ofStrings(listed, other));
    parts.addAll(patterns.values());
    parts.add(allowed == null ? CharDfa.all() : allowed);
    Map<BitSet, Integer> labels = new HashMap<>();
    return CharDfa.product(
        parts,
        states -> {
          if (states[states.length - 1] < 0) {
            return -1;
          }
          if (states[0] != other) {
            return states[0] < known.size() ? states[0] : -1;
          }
          BitSet matches = new BitSet();
          for (int i = 1; i < states.length - 1; i++) {
            matches.set(i - 1, states[i] >= 0);
          }
          return labels.computeIfAbsent(matches, this::labelOf);
        });
  }

  /** The label of names that no schema has by themselves, by the patterns that match them. */
  private int labelOf(BitSet matches) {
    Set<Term> terms = terms(null, matches);
    if (terms == null) {
      return -1;
    }
    values.add(drafts.apply(terms));
    return values.size() - 1;
  }
}
