package org.bitnetj.bench;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.TreeMap;

/**
 * The queue of a server, simulated step by step as {@code PromptPace} and {@code WaitingLine} fill
 * steps: all texts that decode are in each step, and as many rows of prompts as add nine tenths of
 * its time, in turn. What clients see follows from how long steps take.
 */
final class ServedQueue {
  /** Rows of a step. */
  private static final int CAPACITY = 128;

  private static final double MOST_DELAY = 0.9;
  private static final int LEAST_PROMPT_ROWS = 8;

  private final TreeMap<Integer, Double> stepSeconds;
  private final double promptRowSeconds;
  private final int parallel;

  // The state of a run.
  private double now;
  private final PriorityQueue<Text> coming = new PriorityQueue<>();
  private final ArrayDeque<Text> queued = new ArrayDeque<>();
  private final ArrayDeque<Text> prompts = new ArrayDeque<>();
  private final List<Text> decoding = new ArrayList<>();
  private final List<Text> served = new ArrayList<>();

  /** A text that is asked for, and {@code more} after it by the same client. */
  static final class Text implements Comparable<Text> {
    final double sent;
    private final int promptTokens;
    private final int answerTokens;
    private final int more;
    private int promptRows; // to compute
    private int tokens; // that it has
    double first;
    double last;

    Text(double sent, int promptTokens, int answerTokens, int more) {
      this.sent = sent;
      this.promptTokens = promptTokens;
      this.answerTokens = answerTokens;
      this.more = more;
      this.promptRows = promptTokens;
    }

    @Override
    public int compareTo(Text other) {
      return Double.compare(sent, other.sent);
    }
  }

  /**
   * @param stepSeconds how long a step takes by how many texts decode in it; between two numbers on
   *     the line through both, and beyond the last on that through the last two
   * @param promptRowSeconds what a token of a prompt adds
   * @param parallel texts at a time; the others wait
   */
  ServedQueue(TreeMap<Integer, Double> stepSeconds, double promptRowSeconds, int parallel) {
    this.stepSeconds = stepSeconds;
    this.promptRowSeconds = promptRowSeconds;
    this.parallel = parallel;
  }

  /** Serves clients that each send a number of requests, one after the other. */
  List<Text> clients(int clients, int requests, int promptTokens, int answerTokens) {
    return serve(Collections.nCopies(clients, 0.0), promptTokens, answerTokens, requests - 1);
  }

  /** Serves requests that arrive at given times. */
  List<Text> arrivals(double[] times, int promptTokens, int answerTokens) {
    return serve(Arrays.stream(times).boxed().toList(), promptTokens, answerTokens, 0);
  }

  private List<Text> serve(List<Double> times, int promptTokens, int answerTokens, int more) {
    served.clear();
    now = 0;
    times.forEach(at -> coming.add(new Text(at, promptTokens, answerTokens, more)));
    while (!coming.isEmpty() || !prompts.isEmpty() || !decoding.isEmpty()) {
      if (prompts.isEmpty() && decoding.isEmpty()) {
        now = Math.max(now, coming.element().sent);
      }
      admit();
      step();
    }
    return List.copyOf(served);
  }

  private void admit() {
    while (!coming.isEmpty() && coming.element().sent <= now) {
      queued.add(coming.remove());
    }
    while (!queued.isEmpty() && prompts.size() + decoding.size() < parallel) {
      prompts.add(queued.remove());
    }
  }

  private void step() {
    int tokens = decoding.size();
    int most = mostPromptRows(tokens);
    int rows = 0;
    for (int i = prompts.size(); i > 0 && rows < most; i--) {
      Text text = prompts.remove();
      int taken = Math.min(most - rows, text.promptRows);
      text.promptRows -= taken;
      rows += taken;
      prompts.add(text);
    }
    double promptSeconds = promptRowSeconds * rows;
    now +=
        tokens == 0 ? Math.max(promptSeconds, stepSeconds(1)) : stepSeconds(tokens) + promptSeconds;
    for (Iterator<Text> texts = decoding.iterator(); texts.hasNext(); ) {
      Text text = texts.next();
      if (++text.tokens == text.answerTokens) {
        texts.remove();
        end(text);
      }
    }
    for (Iterator<Text> texts = prompts.iterator(); texts.hasNext(); ) {
      Text text = texts.next();
      if (text.promptRows == 0) {
        texts.remove();
        text.first = now;
        text.tokens = 1;
        if (text.answerTokens == 1) {
          end(text);
        } else {
          decoding.add(text);
        }
      }
    }
  }

  private void end(Text text) {
    text.last = now;
    served.add(text);
    if (text.more > 0) {
      coming.add(new Text(now, text.promptTokens, text.answerTokens, text.more - 1));
    }
  }

  private int mostPromptRows(int tokens) {
    if (tokens == 0) {
      return CAPACITY;
    }
    int fast = (int) (MOST_DELAY * stepSeconds(tokens) / promptRowSeconds);
    return Math.min(CAPACITY - tokens, Math.max(LEAST_PROMPT_ROWS, fast));
  }

  private double stepSeconds(int tokens) {
    Integer below = stepSeconds.floorKey(tokens);
    if (below != null && below == tokens) {
      return stepSeconds.get(below);
    }
    Integer above = stepSeconds.higherKey(tokens);
    if (above == null) { // beyond the last
      above = stepSeconds.lastKey();
      below = stepSeconds.lowerKey(above);
    }
    double from = stepSeconds.get(below);
    return from + (stepSeconds.get(above) - from) * (tokens - below) / (above - below);
  }
}
