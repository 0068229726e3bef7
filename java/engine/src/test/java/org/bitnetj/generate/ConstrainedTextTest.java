package org.bitnetj.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.bitnetj.constraint.Constraint;
import org.bitnetj.constraint.ConstraintCompiler;
import org.bitnetj.constraint.Grammar;
import org.bitnetj.option.HeadMode;
import org.bitnetj.option.SamplingOptions;
import org.bitnetj.source.json.Json;
import org.bitnetj.source.json.JsonParser;
import org.bitnetj.testing.Golden;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A story teller writes what a constraint demands, and nothing else. */
class ConstrainedTextTest {
  private static final Grammar PERSON =
      Grammar.jsonSchema(
          """
          {"type": "object",
           "properties": {"name": {"enum": ["Ann", "Bob"]}, "age": {"type": "integer",
             "minimum": 0, "maximum": 99}, "glad": {"type": "boolean"}},
           "required": ["name", "age", "glad"], "additionalProperties": false}\
          """);

  @ParameterizedTest
  @EnumSource(names = {"FULL", "SCREENED"})
  void everyTextIsOfTheSchema(HeadMode head) throws Exception {
    try (LanguageModel model =
            LanguageModel.load(Golden.MODEL, LoadOptions.defaults().withHead(head));
        Session session = model.openSession()) {
      Constraint constraint = new ConstraintCompiler(model.tokenizer()).compile(PERSON);
      for (int seed = 0; seed < 20; seed++) {
        SamplingOptions sampling =
            seed == 0
                ? SamplingOptions.greedy()
                : SamplingOptions.defaults().withSeed(seed).withTemperature(1.5);
        GenerationResult result =
            session.generate(
                "Once upon a time",
                GenerationOptions.defaults()
                    .withSampling(sampling)
                    .withMaxTokens(200)
                    .withConstraint(constraint),
                GenerationListener.NONE);
        assertEquals(FinishReason.END_TOKEN, result.finishReason(), result.text());
        Json.Members person = (Json.Members) JsonParser.parse(result.text());
        assertTrue(result.text().matches("(?s).*\"(Ann|Bob)\".*"), result.text());
        assertEquals(3, person.all().size(), result.text());
      }
    }
  }

  @Test
  void theHeadsSavingsChangeNoConstrainedText() throws Exception {
    GenerationOptions options = GenerationOptions.defaults().withSeed(5).withMaxTokens(60);
    String[] texts = new String[2];
    for (HeadMode head : new HeadMode[] {HeadMode.FULL, HeadMode.SCREENED}) {
      try (LanguageModel model =
              LanguageModel.load(Golden.MODEL, LoadOptions.defaults().withHead(head));
          Session session = model.openSession()) {
        Constraint constraint =
            new ConstraintCompiler(model.tokenizer())
                .compile(Grammar.sequence(Grammar.text(" there was"), Grammar.regex("[a-z ]*")));
        texts[head == HeadMode.FULL ? 0 : 1] =
            session
                .generate(
                    "Once upon a time", options.withConstraint(constraint), GenerationListener.NONE)
                .text();
      }
    }
    assertEquals(texts[0], texts[1]);
    assertTrue(texts[0].matches(" there was[a-z ]*"), texts[0]);
  }
}
