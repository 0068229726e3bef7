package org.bitnetj.constraint.schema;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.bitnetj.constraint.automaton.CharDfa;
import org.bitnetj.constraint.automaton.StringSpelling;
import org.bitnetj.constraint.automaton.TooManyStatesException;
import org.bitnetj.constraint.pushdown.ArrayRule;
import org.bitnetj.constraint.pushdown.NameAutomaton;
import org.bitnetj.constraint.pushdown.ObjectRule;
import org.bitnetj.constraint.pushdown.Value;
import org.bitnetj.error.GrammarException;
import org.bitnetj.source.json.Json;
import org.jspecify.annotations.Nullable;

/** Makes the grammar of a JSON Schema's values. */
public final class SchemaCompiler {
  /** Most conjunctions of schemas. */
  private static final int MOST_DRAFTS = 1 << 14;

  /** Schemas of which only one may hold: no value must have the draft of both. */
  private record Exclusion(Draft both, String pointer, Term first, Term second) {}

  private final SchemaDocument document;
  private final Map<Set<Term>, Draft> drafts = new HashMap<>();
  private final List<Set<Term>> waiting = new ArrayList<>();
  private final List<Exclusion> exclusions = new ArrayList<>();

  /** How many names objects with a least number of members may have, by label. */
  private final Map<Draft.Members, int[]> nameCounts = new IdentityHashMap<>();

  private SchemaCompiler(SchemaDocument document) {
    this.document = document;
  }

  /**
   * The values of a JSON Schema.
   *
   * @param schema its text
   * @throws GrammarException if it is not a schema, not supported, too large, or has no values
   */
  public static Value compile(String schema) {
    return compile(schema, false);
  }

  /**
   * Those values of a JSON Schema that are objects.
   *
   * @param schema its text
   * @throws GrammarException as {@link #compile} does
   */
  public static Value compileObjects(String schema) {
    return compile(schema, true);
  }

  private static Value compile(String schema, boolean objects) {
    try {
      SchemaDocument document = SchemaDocument.parse(schema);
      Set<Term> root = new LinkedHashSet<>(Set.of(document.root()));
      if (objects) {
        // Beside the schema, not in it: a $ref may stand alone, and others may refer to the schema.
        root.add(document.term(new Json.Members(Map.of("type", new Json.Text("object"))), "#"));
      }
      return new SchemaCompiler(document).compile(root, objects ? "object" : "value");
    } catch (TooManyStatesException e) {
      throw new GrammarException("The JSON Schema " + e.getMessage() + ".");
    }
  }

  private Value compile(Set<Term> schemas, String what) {
    Draft root = draft(schemas);
    while (!waiting.isEmpty()) {
      Set<Term> key = waiting.removeLast();
      define(drafts.get(key), key);
    }
    findHeights();
    for (Exclusion exclusion : exclusions) {
      if (exclusion.both.height != Draft.NONE) {
        throw SchemaDocument.refusal(
            "oneOf",
            exclusion.pointer,
            "has alternatives that allow the same values, "
                + SchemaDocument.shown(exclusion.first.pointer())
                + " and "
                + SchemaDocument.shown(exclusion.second.pointer())
                + ", which is not supported; anyOf is");
      }
    }
    if (root.height == Draft.NONE) {
      throw new GrammarException("The JSON Schema allows no " + what + ".");
    }
    lower(root);
    return root.value;
  }

  private Draft draft(Set<Term> terms) {
    Set<Term> key =
        terms.stream()
            .filter(term -> term.json() != Json.Literal.TRUE)
            .collect(Collectors.toUnmodifiableSet());
    Draft known = drafts.get(key);
    if (known != null) {
      return known;
    }
    if (drafts.size() == MOST_DRAFTS) {
      throw new GrammarException(
          "The JSON Schema takes more than " + MOST_DRAFTS + " combinations of schemas.");
    }
    Draft draft = new Draft();
    drafts.put(key, draft);
    waiting.add(key);
    return draft;
  }

  private List<Conjunctions.Alternative> alternatives(Set<Term> key) {
    return Conjunctions.alternatives(
        key,
        document,
        (context, first, second, pointer) -> {
          Set<Term> both = new LinkedHashSet<>(context);
          both.add(first);
          both.add(second);
          exclusions.add(new Exclusion(draft(both), pointer, first, second));
        });
  }

  private void define(Draft draft, Set<Term> key) {
    List<Conjunctions.Alternative> alternatives = alternatives(key);
    draft.scalars.addAll(Scalars.of(alternatives, document));
    for (Conjunctions.Alternative alternative : alternatives) {
      if ((alternative.types() & Keywords.ARRAY) != 0) {
        array(alternative.all(), draft);
      }
      if ((alternative.types() & Keywords.OBJECT) != 0) {
        Draft.Members members = object(alternative.all());
        if (members != null) {
          draft.objects.add(members);
        }
      }
    }
  }

  private void array(List<Keywords> all, Draft draft) {
    int min = 0;
    int max = Keywords.UNBOUNDED;
    int listed = 0;
    for (Keywords words : all) {
      min = Math.max(min, words.minItems);
      max = Math.min(max, words.maxItems);
      listed = Math.max(listed, words.prefixItems.size());
    }
    List<Draft> first = new ArrayList<>();
    for (int i = 0; i < listed; i++) {
      first.add(draft(items(all, i)));
    }
    if (min <= max) {
      draft.arrays.add(new Draft.Items(first, draft(items(all, listed)), min, max));
    }
  }

  private static Set<Term> items(List<Keywords> all, int index) {
    Set<Term> terms = new LinkedHashSet<>();
    for (Keywords words : all) {
      if (index < words.prefixItems.size()) {
        terms.add(words.prefixItems.get(index));
      } else if (words.items != null) {
        terms.add(words.items);
      }
    }
    return terms;
  }

  private Draft.@Nullable Members object(List<Keywords> all) {
    Set<Term> nameTerms = new LinkedHashSet<>();
    String pointer = all.isEmpty() ? "#" : all.getFirst().pointer;
    for (Keywords words : all) {
      if (words.propertyNames != null) {
        nameTerms.add(words.propertyNames);
        pointer = words.pointer;
      }
    }
    try {
      return MemberNames.of(all, nameTerms.isEmpty() ? null : allowed(nameTerms), this::draft);
    } catch (TooManyStatesException e) {
      String keyword = nameTerms.isEmpty() ? "properties" : "propertyNames";
      throw SchemaDocument.refusal(keyword, pointer, e.getMessage());
    }
  }

  /** The names that schemas of names allow. */
  private CharDfa allowed(Set<Term> nameTerms) {
    return CharDfa.union(
        alternatives(nameTerms).stream()
            .filter(alternative -> (alternative.types() & Keywords.STRING) != 0)
            .map(Scalars::names)
            .toList());
  }

  /** Finds the least height of each draft's values; what has none keeps {@link Draft#NONE}. */
  private void findHeights() {
    Map<Draft, Set<Draft>> users = new HashMap<>();
    for (Draft draft : drafts.values()) {
      draft.inner().forEach(part -> users.computeIfAbsent(part, _ -> new HashSet<>()).add(draft));
    }
    LinkedHashSet<Draft> open = new LinkedHashSet<>(drafts.values());
    while (!open.isEmpty()) {
      Draft draft = open.removeFirst();
      int least = draft.scalars.isEmpty() ? Draft.NONE : 0;
      for (Draft.Items items : draft.arrays) {
        least = Math.min(least, height(items));
      }
      for (Draft.Members members : draft.objects) {
        least = Math.min(least, height(members));
      }
      if (least != draft.height) {
        draft.height = least;
        open.addAll(users.getOrDefault(draft, Set.of()));
      }
    }
  }

  private static int height(Draft.Items items) {
    int highest = 0;
    for (int i = 0; i < Math.min(items.min(), items.first().size()); i++) {
      highest = Math.max(highest, items.first().get(i).height);
    }
    if (items.min() > items.first().size()) {
      highest = Math.max(highest, items.others().height);
    }
    return highest == Draft.NONE ? Draft.NONE : highest + 1;
  }

  private int height(Draft.Members members) {
    int highest = 0;
    for (int i = 0; i < members.required(); i++) {
      highest = Math.max(highest, members.values().get(i).height);
    }
    if (highest == Draft.NONE) {
      return Draft.NONE;
    }
    if (members.min() > members.required()) {
      highest = Math.max(highest, heightOfEnough(members));
    }
    return highest == Draft.NONE ? Draft.NONE : highest + 1;
  }

  /** Up to which height there are enough members for the least number of them. */
  private int heightOfEnough(Draft.Members members) {
    List<Draft> values = members.values();
    int[] counts =
        nameCounts.computeIfAbsent(
            members,
            m -> NameAutomaton.countsByLabel(StringSpelling.json(m.names()), values.size()));
    int[] byHeight =
        IntStream.range(0, values.size())
            .boxed()
            .sorted(Comparator.comparingInt(label -> values.get(label).height))
            .mapToInt(Integer::intValue)
            .toArray();
    long count = 0;
    for (int label : byHeight) {
      count += counts[label];
      if (count >= members.min()) {
        return values.get(label).height;
      }
    }
    return Draft.NONE;
  }

  /** The names whose values have up to some height. */
  private static NameAutomaton names(Draft.Members members, int height) {
    List<Draft> values = members.values();
    CharDfa allowed =
        CharDfa.product(
            List.of(members.names()),
            labels -> labels[0] >= 0 && values.get(labels[0]).height <= height ? labels[0] : -1);
    return new NameAutomaton(StringSpelling.json(allowed), members.required());
  }

  /** Gives values their rules, from a draft on. */
  private void lower(Draft root) {
    Set<Draft> reached = new LinkedHashSet<>();
    List<Draft> open = new ArrayList<>(List.of(root));
    reached.add(root);
    while (!open.isEmpty()) {
      Draft draft = open.removeLast();
      List<ArrayRule> arrays = new ArrayList<>();
      List<ObjectRule> objects = new ArrayList<>();
      List<Draft> inner = new ArrayList<>();
      for (Draft.Items items : draft.arrays) {
        if (height(items) != Draft.NONE) {
          arrays.add(lower(items, inner));
        }
      }
      for (Draft.Members members : draft.objects) {
        int height = height(members);
        if (height != Draft.NONE) {
          inner.addAll(members.values());
          objects.add(
              new ObjectRule(
                  names(members, Draft.NONE - 1),
                  members.values().stream().map(value -> value.value).toList(),
                  members.min(),
                  members.max(),
                  height));
        }
      }
      draft.value.define(draft.scalars, arrays, objects);
      for (Draft next : inner) {
        if (next.height != Draft.NONE && reached.add(next)) {
          open.add(next);
        }
      }
    }
  }

  private static ArrayRule lower(Draft.Items items, List<Draft> inner) {
    List<Value> first = new ArrayList<>();
    int max = items.max();
    for (Draft item : items.first()) {
      if (item.height == Draft.NONE || first.size() == items.max()) {
        max = Math.min(max, first.size());
        break;
      }
      first.add(item.value);
      inner.add(item);
    }
    if (items.others().height == Draft.NONE) {
      max = Math.min(max, first.size());
    } else {
      inner.add(items.others());
    }
    return new ArrayRule(first, items.others().value, items.min(), max, height(items));
  }
}
