package org.bitnetj.bench.jmh;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.bitnetj.constraint.ConstraintCompiler;
import org.bitnetj.constraint.ConstraintState;
import org.bitnetj.constraint.Grammar;
import org.bitnetj.tokenizer.Tokenizer;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * One mask of allowed tokens, along a document: at each place for the first time with a schema
 * ({@code firstMask}), and again ({@code keptMask}). Its percentiles are what counts.
 */
@NullUnmarked // JMH fills the fields
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(value = 1, jvmArgsAppend = ForkedJvm.NATIVE_ACCESS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 2)
public class ConstraintBenchmark {
  private static final String SCHEMA =
      """
      {"type": "object", "$comment": "%d", "properties": {
         "name": {"type": "string"},
         "age": {"type": "integer", "minimum": 0, "maximum": 150},
         "email": {"type": "string", "pattern": "^[a-z0-9.]+@[a-z0-9]+\\\\.[a-z]{2,6}$"},
         "tags": {"type": "array", "items": {"type": "string", "maxLength": 20}},
         "kind": {"enum": ["person", "company", "other"]},
         "address": {"type": "object", "properties": {
             "street": {"type": "string", "minLength": 1, "maxLength": 60},
             "city": {"type": "string"}, "zip": {"type": "string", "pattern": "^[0-9]{5}$"}},
           "required": ["street", "city"], "additionalProperties": false},
         "scores": {"type": "array", "items": {"type": "number"}},
         "notes": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
       "required": ["name", "age", "kind"], "additionalProperties": %s}\
      """;

  private static final String DOCUMENT =
      """
      {"name": "Mária Őri \\"the second\\"", "age": 42, "email": "maria.ori@example.org",
        "tags": ["alpha", "beta gamma", "日本語のタグ"], "kind": "person",
        "address": {"street": "12 Long Street, second floor", "city": "New \\u0041rk", "zip": "12345"},
        "scores": [1.5, 2, -3.25e10, 0.001],
        "notes": "Some long notes, with commas; and (parentheses) — dashes. The quick brown fox."}\
      """;

  /** What the document is held to. */
  public enum Held {
    CLOSED_SCHEMA,
    OPEN_SCHEMA,
    ANY_OBJECT
  }

  @Param public Held held;

  /** GGUF files; {@code -p vocabulary=a.gguf,b.gguf} names others. */
  @Param(TokenizerWorkload.SHIPPED)
  public String vocabulary;

  private Tokenizer tokenizer;
  private ConstraintCompiler compiler;
  private int[] document;
  private ConstraintState first;
  private ConstraintState kept;
  private int nextFirst;
  private int nextKept;
  private int compiled;

  @Setup
  public void open() throws IOException {
    tokenizer = TokenizerWorkload.tokenizer(vocabulary);
    compiler = new ConstraintCompiler(tokenizer);
    document = tokenizer.encode(DOCUMENT, false, false);
  }

  /** Goes on by a token of the document, at its end to a constraint that has no masks yet. */
  @Setup(Level.Invocation)
  public void goOn() {
    if (first == null || nextFirst == document.length) {
      first = compiler.compile(grammar(compiled++)).start();
      nextFirst = 0;
    } else {
      first.accept(document[nextFirst++]);
    }
    if (kept == null || nextKept == document.length) {
      kept = compiler.compile(grammar(-1)).start();
      nextKept = 0;
    } else {
      kept.accept(document[nextKept++]);
    }
  }

  private Grammar grammar(int number) {
    if (held != Held.ANY_OBJECT) {
      return Grammar.jsonSchema(SCHEMA.formatted(number, held == Held.OPEN_SCHEMA));
    }
    return Grammar.jsonSchema("{\"type\": \"object\", \"$comment\": \"%d\"}".formatted(number));
  }

  @Benchmark
  public long[] firstMask() {
    return first.allowed();
  }

  @Benchmark
  public long[] keptMask() {
    return kept.allowed();
  }

  /** Whether both masks allow the document's next token, or its end. */
  boolean masksAllowTheDocument() {
    return allows(firstMask(), nextFirst) && allows(keptMask(), nextKept);
  }

  private boolean allows(long[] mask, int next) {
    int token = next < document.length ? document[next] : tokenizer.endTokens().iterator().next();
    return (mask[token >> 6] >>> token & 1) != 0;
  }

  int documentLength() {
    return document.length;
  }
}
