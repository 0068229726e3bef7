package org.bitnetj.chat.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import java.util.Set;
import org.bitnetj.chat.jinja.Token.Kind;

/** Reads the statements of a template, with {@link ExpressionParser} for their expressions. */
final class Parser {
  private static final int MAX_DEPTH = 64;

  private final TokenReader tokens;
  private final ExpressionParser expressions;
  private int depth;
  private int loops;

  /** The word of the tag that ended the last body. */
  private String end = "";

  private Parser(List<Token> tokens) {
    this.tokens = new TokenReader(tokens);
    this.expressions = new ExpressionParser(this.tokens);
  }

  static List<Node> parse(String source) {
    Parser parser = new Parser(Lexer.tokens(source));
    List<Node> nodes = parser.body(Set.of());
    if (!parser.tokens.at(Kind.END)) {
      throw parser.tokens.unexpected("the end of the template");
    }
    return nodes;
  }

  /**
   * The nodes up to a block tag of {@code ends}, whose start and word are consumed, or up to the
   * end of the template.
   */
  private List<Node> body(Set<String> ends) {
    if (++depth > MAX_DEPTH) {
      throw JinjaException.at(tokens.line(), "blocks nest more than " + MAX_DEPTH + " deep");
    }
    List<Node> nodes = new ArrayList<>();
    while (!tokens.at(Kind.END)) {
      Token token = tokens.next();
      switch (token.kind()) {
        case DATA -> nodes.add(new Node.Data(Text.trusted(token.text())));
        case PRINT_START -> {
          nodes.add(new Node.Print(expressions.tuple()));
          tokens.require(Kind.PRINT_END, "'}}'");
        }
        default -> {
          String word = tokens.name();
          if (ends.contains(word)) {
            end = word;
            depth--;
            return nodes;
          }
          statement(word, token.line(), nodes);
        }
      }
    }
    if (!ends.isEmpty()) {
      throw JinjaException.at(tokens.line(), "the template ends without '" + last(ends) + "'");
    }
    depth--;
    return nodes;
  }

  private static String last(Set<String> ends) {
    return ends.stream().filter(word -> word.startsWith("end")).findFirst().orElseThrow();
  }

  private void blockEnd() {
    tokens.require(Kind.BLOCK_END, "'%}'");
  }

  private void statement(String word, int line, List<Node> nodes) {
    switch (word) {
      case "if" -> nodes.add(conditional());
      case "for" -> nodes.add(loop(line));
      case "set" -> nodes.add(set(line));
      case "macro" -> nodes.add(macro());
      case "break", "continue" -> {
        if (loops == 0) {
          throw JinjaException.at(line, "'" + word + "' is outside a loop");
        }
        blockEnd();
        nodes.add(word.equals("break") ? Node.LoopControl.BREAK : Node.LoopControl.CONTINUE);
      }
      // Marks a model's own text in training data and leaves it as it is.
      case "generation" -> {
        blockEnd();
        nodes.addAll(body(Set.of("endgeneration")));
        blockEnd();
      }
      default ->
          throw JinjaException.at(line, "the statement '" + word + "' is not known or misplaced");
    }
  }

  private Node conditional() {
    List<Node.Branch> branches = new ArrayList<>();
    do {
      Expression condition = expressions.expression();
      blockEnd();
      branches.add(new Node.Branch(condition, body(Set.of("elif", "else", "endif"))));
    } while (end.equals("elif"));
    List<Node> otherwise = List.of();
    if (end.equals("else")) {
      blockEnd();
      otherwise = body(Set.of("endif"));
    }
    blockEnd();
    return new Node.If(branches, otherwise);
  }

  private Node loop(int line) {
    List<String> names = targets();
    tokens.requireWord("in");
    Expression items = expressions.withoutConditional();
    Expression filter = tokens.skipWord("if") ? expressions.expression() : null;
    if (tokens.skipWord("recursive")) {
      throw JinjaException.at(line, "recursive loops cannot be read");
    }
    blockEnd();
    loops++;
    List<Node> body = body(Set.of("else", "endfor"));
    loops--;
    List<Node> otherwise = List.of();
    if (end.equals("else")) {
      blockEnd();
      otherwise = body(Set.of("endfor"));
    }
    blockEnd();
    return new Node.For(names, items, filter, body, otherwise, line);
  }

  private List<String> targets() {
    List<String> names = new ArrayList<>();
    boolean parentheses = tokens.skip("(");
    do {
      names.add(tokens.name());
    } while (tokens.skip(","));
    if (parentheses) {
      tokens.require(")");
    }
    return names;
  }

  private Node set(int line) {
    List<String> names = targets();
    if (names.size() == 1 && tokens.skip(".")) {
      String member = tokens.name();
      tokens.require("=");
      Expression value = expressions.tuple();
      blockEnd();
      return new Node.SetMember(names.getFirst(), member, value, line);
    }
    if (tokens.skip("=")) {
      Expression value = expressions.tuple();
      blockEnd();
      return new Node.Set(names, value, line);
    }
    blockEnd();
    List<Node> body = body(Set.of("endset"));
    blockEnd();
    return new Node.SetBlock(names.getFirst(), body);
  }

  private Node macro() {
    String name = tokens.name();
    tokens.require("(");
    SequencedSet<String> parameters = new LinkedHashSet<>();
    Map<String, Expression> defaults = new LinkedHashMap<>();
    while (!tokens.skip(")")) {
      String parameter = tokens.name();
      if (!parameters.add(parameter)) {
        throw JinjaException.at(
            tokens.line(), "the macro '" + name + "' has two parameters '" + parameter + "'");
      }
      if (tokens.skip("=")) {
        defaults.put(parameter, expressions.expression());
      }
      if (!tokens.skip(",") && !tokens.atOperator(")")) {
        throw tokens.unexpected("',' or ')'");
      }
    }
    blockEnd();
    int outerLoops = loops;
    loops = 0;
    List<Node> body = body(Set.of("endmacro"));
    loops = outerLoops;
    blockEnd();
    return new Node.Macro(name, parameters, defaults, body);
  }

  /** Steps through tokens. */
  static final class TokenReader {
    private final List<Token> tokens;
    private int at;

    TokenReader(List<Token> tokens) {
      this.tokens = tokens;
    }

    Token peek() {
      return tokens.get(at);
    }

    Token next() {
      Token token = tokens.get(at);
      if (token.kind() != Kind.END) {
        at++;
      }
      return token;
    }

    boolean at(Kind kind) {
      return peek().kind() == kind;
    }

    boolean atOperator(String operator) {
      return peek().is(Kind.OPERATOR, operator);
    }

    boolean atWord(String word) {
      return peek().is(Kind.NAME, word);
    }

    /** Whether the word after this one is {@code word}. */
    boolean wordFollows(String word) {
      return at + 1 < tokens.size() && tokens.get(at + 1).is(Kind.NAME, word);
    }

    boolean operatorFollows(String operator) {
      return at + 1 < tokens.size() && tokens.get(at + 1).is(Kind.OPERATOR, operator);
    }

    boolean skip(String operator) {
      boolean found = atOperator(operator);
      at += found ? 1 : 0;
      return found;
    }

    boolean skipWord(String word) {
      boolean found = atWord(word);
      at += found ? 1 : 0;
      return found;
    }

    String name() {
      if (!at(Kind.NAME)) {
        throw unexpected("a name");
      }
      return next().text();
    }

    void require(String operator) {
      if (!skip(operator)) {
        throw unexpected("'" + operator + "'");
      }
    }

    void requireWord(String word) {
      if (!skipWord(word)) {
        throw unexpected("'" + word + "'");
      }
    }

    void require(Kind kind, String what) {
      if (!at(kind)) {
        throw unexpected(what);
      }
      next();
    }

    int line() {
      return peek().line();
    }

    JinjaException unexpected(String wanted) {
      Token token = peek();
      String found =
          switch (token.kind()) {
            case END -> "the end of the template";
            case PRINT_END, BLOCK_END -> "the end of the tag";
            case STRING -> "a string";
            default -> "'" + token.text() + "'";
          };
      return JinjaException.at(token.line(), wanted + " is expected, not " + found);
    }
  }
}
