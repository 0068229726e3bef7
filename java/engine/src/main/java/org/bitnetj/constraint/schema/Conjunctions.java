package org.bitnetj.constraint.schema;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Writes a conjunction of schemas as alternatives, each a conjunction of what schemas say by
 * themselves: follows what applies in place ({@code $ref}, {@code allOf}) and distributes {@code
 * anyOf} and {@code oneOf}.
 */
final class Conjunctions {
  /** Most alternatives that are looked at for one value. */
  private static final int MOST_ALTERNATIVES = 2048;

  /** Schemas that all hold, of which {@code types} are the kinds of values that all allow. */
  record Alternative(List<Keywords> all, int types) {}

  /** What is told of schemas of which only one may hold. */
  interface ExactlyOne {
    /** Two of them must not hold for the same value where {@code context} holds. */
    void excludes(Set<Term> context, Term first, Term second, String pointer);
  }

  /** A schema, and those that it was reached from in place. */
  private record Path(Term term, @Nullable Path from) {
    boolean leadsThrough(Term other) {
      for (Path at = this; at != null; at = at.from) {
        if (at.term == other) {
          return true;
        }
      }
      return false;
    }
  }

  private record Open(Keywords.Choice choice, Path from) {}

  private static final class Branch {
    final Deque<Path> terms = new ArrayDeque<>();
    final Deque<Open> choices = new ArrayDeque<>();
    final Set<Term> seen = new LinkedHashSet<>();
    int types = Keywords.ALL;

    Branch copy() {
      Branch copy = new Branch();
      copy.terms.addAll(terms);
      copy.choices.addAll(choices);
      copy.seen.addAll(seen);
      copy.types = types;
      return copy;
    }
  }

  private final SchemaDocument document;
  private final ExactlyOne exactlyOne;
  private final List<Alternative> found = new ArrayList<>();
  private final Set<Set<Term>> known = new HashSet<>();
  private int looked;

  private Conjunctions(SchemaDocument document, ExactlyOne exactlyOne) {
    this.document = document;
    this.exactlyOne = exactlyOne;
  }

  static List<Alternative> alternatives(
      Set<Term> terms, SchemaDocument document, ExactlyOne exactlyOne) {
    Conjunctions conjunctions = new Conjunctions(document, exactlyOne);
    Branch branch = new Branch();
    terms.forEach(term -> branch.terms.add(new Path(term, null)));
    conjunctions.expand(branch);
    return conjunctions.found;
  }

  private void expand(Branch branch) {
    while (!branch.terms.isEmpty()) {
      Path path = branch.terms.removeFirst();
      Term term = path.term;
      if (path.from != null && path.from.leadsThrough(term)) {
        throw SchemaDocument.refusal(
            "$ref", term.pointer(), "leads back to the same schema without a value between");
      }
      if (!branch.seen.add(term)) {
        continue;
      }
      Keywords words = term.keywords(document);
      branch.types &= words.types;
      if (branch.types == 0) {
        return;
      }
      if (!term.isAlone()) {
        words.allOf.forEach(other -> branch.terms.addLast(new Path(other, path)));
        words.choices.forEach(choice -> branch.choices.addLast(new Open(choice, path)));
      }
    }
    if (branch.choices.isEmpty()) {
      if (known.add(branch.seen)) {
        List<Keywords> all = branch.seen.stream().map(term -> term.keywords(document)).toList();
        found.add(new Alternative(all, branch.types));
      }
      return;
    }
    Open open = branch.choices.removeFirst();
    if (open.choice.exactlyOne()) {
      tellExclusions(branch, open.choice);
    }
    for (Term term : open.choice.terms()) {
      if (++looked > MOST_ALTERNATIVES) {
        throw SchemaDocument.refusal(
            open.choice.exactlyOne() ? "oneOf" : "anyOf",
            open.choice.pointer(),
            "takes more than " + MOST_ALTERNATIVES + " combinations of alternatives");
      }
      Branch next = branch.copy();
      next.terms.add(new Path(term, open.from));
      expand(next);
    }
  }

  private void tellExclusions(Branch branch, Keywords.Choice choice) {
    Set<Term> context = new LinkedHashSet<>();
    branch.seen.forEach(term -> context.add(term.alone()));
    List<Term> terms = choice.terms();
    for (int i = 0; i < terms.size(); i++) {
      for (int j = 0; j < i; j++) {
        exactlyOne.excludes(context, terms.get(j), terms.get(i), choice.pointer());
      }
    }
  }
}
