package org.bitnetj.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.bitnetj.constraint.Constraint;
import org.bitnetj.constraint.ConstraintCompiler;
import org.bitnetj.constraint.Grammar;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.LoadOptions;

/** The model that ships, for tests that talk to it. */
public final class ShippedModel {
  /** Names who speaks; the shipped model has no template of its own. */
  public static final String TEMPLATE =
      "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
          + "{% if add_generation_prompt %}assistant:{% endif %}";

  private ShippedModel() {}

  public static Path path() {
    return Path.of(System.getProperty("bitnet.models"), "tiny-bitnet-stories-i2_s.gguf");
  }

  public static LanguageModel load() {
    return load(TEMPLATE);
  }

  public static LanguageModel load(String template) {
    try {
      return LanguageModel.load(path(), LoadOptions.defaults().withChatTemplate(template));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Makes the model, which only tells stories, say this. */
  public static Constraint saying(LanguageModel model, String text) {
    return new ConstraintCompiler(model.tokenizer()).compile(Grammar.text(text));
  }
}
