package org.bitnetj.langchain4j;

import org.bitnetj.generate.LanguageModel;
import org.bitnetj.testkit.Script;
import org.bitnetj.testkit.ShippedModel;

/** The script for models of this module: they say what a constraint lets them. */
final class InProcessScript {
  private InProcessScript() {}

  static Script of(LanguageModel model) {
    return new Script(
        text ->
            BitNetChatRequestParameters.builder()
                .constraint(ShippedModel.saying(model, text))
                .build(),
        BitNetChatRequestParameters.builder().parallelToolCalls(false).build());
  }
}
