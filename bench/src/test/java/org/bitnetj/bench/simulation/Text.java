package org.bitnetj.bench.simulation;

/** A text that one of many clients asks for, and when it comes, in seconds. */
final class Text implements Comparable<Text> {
  final int client;
  final int turn; // of the client, from 0
  final double sent;
  final int promptTokens;
  final int answerTokens;
  double first;
  double last;

  // While a host computes it.
  int promptRows; // left
  int tokens; // that it has

  Text(int client, int turn, double sent, int promptTokens, int answerTokens) {
    this.client = client;
    this.turn = turn;
    this.sent = sent;
    this.promptTokens = promptTokens;
    this.answerTokens = answerTokens;
  }

  double untilFirst() {
    return first - sent;
  }

  double untilLast() {
    return last - sent;
  }

  @Override
  public int compareTo(Text other) {
    return Double.compare(sent, other.sent);
  }
}
