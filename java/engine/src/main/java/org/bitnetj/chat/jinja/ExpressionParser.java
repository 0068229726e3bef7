package org.bitnetj.chat.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bitnetj.chat.jinja.Expression.Args;
import org.bitnetj.chat.jinja.Parser.TokenReader;
import org.bitnetj.chat.jinja.Token.Kind;

/** Reads expressions, with Jinja's precedence: {@code or}, {@code and}, {@code not}, … postfix. */
final class ExpressionParser {
  private static final int MAX_DEPTH = 64;

  /**
   * Operators, members, calls, filters and tests of one expression, without those in its brackets.
   * Each may nest evaluation one level deeper.
   */
  private static final int MAX_LINKS = 250;

  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

  private final TokenReader tokens;
  private int depth;
  private int links;

  ExpressionParser(TokenReader tokens) {
    this.tokens = tokens;
  }

  /** An expression, or several with commas between them, which make a list. */
  Expression tuple() {
    Expression first = expression();
    if (!tokens.atOperator(",")) {
      return first;
    }
    List<Expression> items = new ArrayList<>(List.of(first));
    while (tokens.skip(",")) {
      if (tokens.at(Kind.PRINT_END) || tokens.at(Kind.BLOCK_END) || tokens.atOperator(")")) {
        break;
      }
      items.add(expression());
    }
    return new Expression.ListOf(items);
  }

  Expression expression() {
    if (++depth > MAX_DEPTH) {
      throw JinjaException.at(tokens.line(), "expressions nest more than " + MAX_DEPTH + " deep");
    }
    Expression value = withoutConditional();
    if (tokens.skipWord("if")) {
      Expression condition = withoutConditional();
      Expression otherwise = tokens.skipWord("else") ? expression() : null;
      value = new Expression.Conditional(condition, value, otherwise);
    }
    depth--;
    return value;
  }

  /** An expression that ends before {@code if}, which has another meaning after a loop's list. */
  Expression withoutConditional() {
    int outerLinks = links;
    links = 0;
    Expression left = and();
    while (tokens.skipWord("or")) {
      link();
      left = new Expression.Logic(false, left, and());
    }
    links = outerLinks;
    return left;
  }

  private void link() {
    if (++links > MAX_LINKS) {
      throw JinjaException.at(
          tokens.line(), "an expression has more than " + MAX_LINKS + " operators and members");
    }
  }

  private Expression and() {
    Expression left = not();
    while (tokens.skipWord("and")) {
      link();
      left = new Expression.Logic(true, left, not());
    }
    return left;
  }

  private Expression not() {
    int line = tokens.line();
    int negations = 0;
    while (tokens.skipWord("not")) {
      link();
      negations++;
    }
    Expression value = comparison();
    for (; negations > 0; negations--) {
      value = new Expression.Unary("not", value, line);
    }
    return value;
  }

  private Expression comparison() {
    int line = tokens.line();
    Expression first = sum();
    List<String> operators = new ArrayList<>();
    List<Expression> operands = new ArrayList<>(List.of(first));
    while (true) {
      if (tokens.at(Kind.OPERATOR) && COMPARISONS.contains(tokens.peek().text())) {
        operators.add(tokens.next().text());
      } else if (tokens.skipWord("in")) {
        operators.add("in");
      } else if (tokens.atWord("not") && tokens.wordFollows("in")) {
        tokens.next();
        tokens.next();
        operators.add("not in");
      } else {
        return operators.isEmpty() ? first : new Expression.Comparison(operators, operands, line);
      }
      operands.add(sum());
    }
  }

  private Expression sum() {
    Expression left = concatenation();
    while (tokens.atOperator("+") || tokens.atOperator("-")) {
      link();
      int line = tokens.line();
      left = new Expression.Binary(tokens.next().text(), left, concatenation(), line);
    }
    return left;
  }

  private Expression concatenation() {
    Expression left = product();
    while (tokens.atOperator("~")) {
      link();
      int line = tokens.line();
      left = new Expression.Binary(tokens.next().text(), left, product(), line);
    }
    return left;
  }

  private Expression product() {
    Expression left = unary();
    while (tokens.atOperator("*")
        || tokens.atOperator("/")
        || tokens.atOperator("//")
        || tokens.atOperator("%")) {
      link();
      int line = tokens.line();
      left = new Expression.Binary(tokens.next().text(), left, unary(), line);
    }
    return left;
  }

  private Expression unary() {
    int line = tokens.line();
    List<String> signs = new ArrayList<>();
    while (tokens.atOperator("-") || tokens.atOperator("+")) {
      link();
      signs.add(tokens.next().text());
    }
    Expression value = postfix(primary());
    for (String sign : signs.reversed()) {
      value = new Expression.Unary(sign, value, line);
    }
    return filtersAndTests(value);
  }

  private Expression primary() {
    Token token = tokens.next();
    return switch (token.kind()) {
      case STRING -> {
        StringBuilder text = new StringBuilder(token.text());
        while (tokens.at(Kind.STRING)) {
          text.append(tokens.next().text());
        }
        yield new Expression.Constant(Text.trusted(text.toString()));
      }
      case INTEGER -> new Expression.Constant(new Value.Int(integer(token)));
      case REAL -> new Expression.Constant(new Value.Real(Double.parseDouble(token.text())));
      case NAME ->
          switch (token.text()) {
            case "true", "True" -> new Expression.Constant(Value.Bool.TRUE);
            case "false", "False" -> new Expression.Constant(Value.Bool.FALSE);
            case "none", "None" -> new Expression.Constant(Value.None.NONE);
            default -> new Expression.Name(token.text());
          };
      case OPERATOR ->
          switch (token.text()) {
            case "(" -> parenthesised();
            case "[" -> new Expression.ListOf(items("]"));
            case "{" -> dict();
            default -> throw unexpected(token);
          };
      default -> throw unexpected(token);
    };
  }

  private static JinjaException unexpected(Token token) {
    String found = token.text().isEmpty() ? "the end of the tag" : "'" + token.text() + "'";
    return JinjaException.at(token.line(), "a value is expected, not " + found);
  }

  private static long integer(Token token) {
    try {
      return Long.parseLong(token.text());
    } catch (NumberFormatException e) {
      throw JinjaException.at(token.line(), "the number " + token.text() + " is too big");
    }
  }

  private Expression parenthesised() {
    if (tokens.skip(")")) {
      return new Expression.ListOf(List.of());
    }
    Expression value = tuple();
    tokens.require(")");
    return value;
  }

  private List<Expression> items(String close) {
    List<Expression> items = new ArrayList<>();
    while (!tokens.skip(close)) {
      items.add(expression());
      if (!tokens.skip(",") && !tokens.atOperator(close)) {
        throw tokens.unexpected("',' or '" + close + "'");
      }
    }
    return items;
  }

  private Expression dict() {
    int line = tokens.line();
    List<Expression> keys = new ArrayList<>();
    List<Expression> values = new ArrayList<>();
    while (!tokens.skip("}")) {
      keys.add(expression());
      tokens.require(":");
      values.add(expression());
      if (!tokens.skip(",") && !tokens.atOperator("}")) {
        throw tokens.unexpected("',' or '}'");
      }
    }
    return new Expression.DictOf(keys, values, line);
  }

  private Expression postfix(Expression start) {
    Expression value = start;
    for (; ; link()) {
      int line = tokens.line();
      if (tokens.skip(".")) {
        Token key = tokens.next();
        if (key.kind() != Kind.NAME && key.kind() != Kind.INTEGER) {
          throw JinjaException.at(line, "a name is expected after '.'");
        }
        Value constant =
            key.kind() == Kind.NAME ? Text.trusted(key.text()) : new Value.Int(integer(key));
        value = new Expression.Member(value, new Expression.Constant(constant), line);
      } else if (tokens.skip("[")) {
        value = subscript(value, line);
      } else if (tokens.skip("(")) {
        value = new Expression.Call(value, arguments(), line);
      } else {
        return value;
      }
    }
  }

  private Expression subscript(Expression object, int line) {
    Expression from = tokens.atOperator(":") ? null : expression();
    if (tokens.skip("]")) {
      if (from == null) {
        throw tokens.unexpected("an index");
      }
      return new Expression.Member(object, from, line);
    }
    tokens.require(":");
    Expression to = tokens.atOperator(":") || tokens.atOperator("]") ? null : expression();
    Expression step = null;
    if (tokens.skip(":") && !tokens.atOperator("]")) {
      step = expression();
    }
    tokens.require("]");
    return new Expression.Slice(object, from, to, step, line);
  }

  /** The arguments of a call, after its opening parenthesis. */
  private Args arguments() {
    List<Expression> positional = new ArrayList<>();
    Map<String, Expression> named = new LinkedHashMap<>();
    while (!tokens.skip(")")) {
      if (tokens.at(Kind.NAME) && tokens.operatorFollows("=")) {
        String name = tokens.name();
        tokens.require("=");
        named.put(name, expression());
      } else {
        positional.add(expression());
      }
      if (!tokens.skip(",") && !tokens.atOperator(")")) {
        throw tokens.unexpected("',' or ')'");
      }
    }
    return new Args(positional, named);
  }

  private Expression filtersAndTests(Expression start) {
    Expression value = start;
    for (; ; link()) {
      int line = tokens.line();
      if (tokens.skip("|")) {
        String name = tokens.name();
        Args args = tokens.skip("(") ? arguments() : Args.NONE;
        value = postfix(new Expression.Filter(value, name, args, line));
      } else if (tokens.skipWord("is")) {
        boolean negated = tokens.skipWord("not");
        value = new Expression.Test(value, tokens.name(), testArguments(), line);
        value = negated ? new Expression.Unary("not", value, line) : value;
      } else {
        return value;
      }
    }
  }

  /** {@code divisibleby(3)} or {@code divisibleby 3}. */
  private Args testArguments() {
    if (tokens.skip("(")) {
      return arguments();
    }
    boolean operand =
        tokens.at(Kind.STRING)
            || tokens.at(Kind.INTEGER)
            || tokens.at(Kind.REAL)
            || tokens.atOperator("[")
            || (tokens.at(Kind.NAME)
                && !Set.of("and", "or", "not", "if", "else", "in", "is")
                    .contains(tokens.peek().text()));
    return operand ? new Args(List.of(postfix(primary())), Map.of()) : Args.NONE;
  }
}
