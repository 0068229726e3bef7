package org.bitnetj.bench.simulation;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * A server, simulated step by step as the engine's {@code WaitingLine} fills steps: all texts that
 * decode are in each step, and rows of prompts, of one prompt after the other, as {@code
 * PromptPace} allows. Some texts are computed at a time, the others wait in their order.
 */
final class Host {
  private final StepCosts costs;
  private final int parallel;
  private final PriorityQueue<Text> asked = new PriorityQueue<>();
  private final ArrayDeque<Text> prompts = new ArrayDeque<>();
  private final List<Text> decoding = new ArrayList<>();
  private double now;
  private double busySeconds; // times texts at a time

  Host(StepCosts costs, int parallel) {
    this.costs = costs;
    this.parallel = parallel;
  }

  /** When its next step begins; infinity if nobody has asked for anything. */
  double nextStep() {
    if (!prompts.isEmpty() || !decoding.isEmpty()) {
      return now;
    }
    return asked.isEmpty() ? Double.POSITIVE_INFINITY : Math.max(now, asked.element().sent);
  }

  /** Texts at a time, on average over the time until its last step. */
  double meanTexts() {
    return busySeconds / now;
  }

  /**
   * @param rows of the text's prompt that it has to compute, at least 1
   */
  void ask(Text text, int rows) {
    text.promptRows = rows;
    asked.add(text);
  }

  /**
   * Computes a step.
   *
   * @param ended gets the texts that it ends
   */
  void step(List<Text> ended) {
    now = nextStep();
    while (!asked.isEmpty()
        && asked.element().sent <= now
        && prompts.size() + decoding.size() < parallel) {
      prompts.add(asked.remove());
    }
    int rows = takePromptRows(costs.mostPromptRows(decoding.size()));
    double seconds = costs.step(decoding.size(), rows);
    now += seconds;
    busySeconds += seconds * (prompts.size() + decoding.size());
    for (Iterator<Text> texts = decoding.iterator(); texts.hasNext(); ) {
      Text text = texts.next();
      if (addToken(text, ended)) {
        texts.remove();
      }
    }
    for (Iterator<Text> texts = prompts.iterator(); texts.hasNext(); ) {
      Text text = texts.next();
      if (text.promptRows == 0) {
        texts.remove();
        text.first = now;
        if (!addToken(text, ended)) {
          decoding.add(text);
        }
      }
    }
  }

  private int takePromptRows(int most) {
    int rows = 0;
    for (int i = prompts.size(); i > 0 && rows < most; i--) {
      Text text = prompts.remove();
      int taken = Math.min(most - rows, text.promptRows);
      text.promptRows -= taken;
      rows += taken;
      prompts.add(text); // behind the others
    }
    return rows;
  }

  /** Whether the text ends by it. */
  private boolean addToken(Text text, List<Text> ended) {
    if (++text.tokens < text.answerTokens) {
      return false;
    }
    text.last = now;
    ended.add(text);
    return true;
  }

  /** Who answers a text. */
  interface Balancer {
    /** The host's number. */
    int hostOf(Text text);
  }

  /** What a client asks for after a text; null if nothing. */
  interface NextText {
    @Nullable Text after(Text text);
  }

  /** How many rows of a text's prompt a host computes. */
  interface Rows {
    int of(Text text, int host);
  }

  /** Serves texts, and those that follow them, until all have ended; returns them in that order. */
  static List<Text> serve(
      List<Host> hosts, List<Text> texts, Balancer balancer, Rows rows, NextText next) {
    PriorityQueue<Text> coming = new PriorityQueue<>(texts);
    List<Text> all = new ArrayList<>();
    List<Text> ended = new ArrayList<>();
    while (true) {
      Host first = hosts.getFirst();
      for (Host host : hosts) {
        first = host.nextStep() < first.nextStep() ? host : first;
      }
      if (!coming.isEmpty() && coming.element().sent <= first.nextStep()) {
        Text text = coming.remove();
        int host = balancer.hostOf(text);
        hosts.get(host).ask(text, rows.of(text, host));
        continue;
      }
      if (first.nextStep() == Double.POSITIVE_INFINITY) {
        return all;
      }
      ended.clear();
      first.step(ended);
      for (Text text : ended) {
        all.add(text);
        Text more = next.after(text);
        if (more != null) {
          coming.add(more);
        }
      }
    }
  }
}
