package org.bitnetj.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.bitnetj.tokenizer.Segment;
import org.bitnetj.tokenizer.Tokenizer;

/** The chat formats built into the engine, with their usual names. */
enum ChatFormat {
  /**
   * BitNet b1.58 2B-4T: {@code User: content<|eot_id|>Assistant: }. The model's card and its
   * Hugging Face template agree; the template in Microsoft's GGUF file is a placeholder.
   */
  BITNET("BitNet 2B-4T", List.of("<|eot_id|>")) {
    @Override
    void message(Writer out, ChatMessage message) {
      String role = message.role();
      out.template(role.substring(0, 1).toUpperCase(Locale.ROOT));
      out.template(role.substring(1).toLowerCase(Locale.ROOT) + ": ");
      out.plainText(trimmed(message.content()));
      out.template("<|eot_id|>");
    }

    @Override
    void generationPrompt(Writer out) {
      out.template("Assistant: ");
    }
  },

  /** Llama 3 Instruct. */
  LLAMA3("Llama 3", List.of("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>")) {
    @Override
    void message(Writer out, ChatMessage message) {
      out.template("<|start_header_id|>" + message.role() + "<|end_header_id|>\n\n");
      out.plainText(trimmed(message.content()));
      out.template("<|eot_id|>");
    }

    @Override
    void generationPrompt(Writer out) {
      out.template("<|start_header_id|>assistant<|end_header_id|>\n\n");
    }
  },

  /** ChatML, of the Qwen family and many others. */
  CHATML("ChatML", List.of("<|im_start|>", "<|im_end|>")) {
    @Override
    void message(Writer out, ChatMessage message) {
      out.template("<|im_start|>" + message.role() + "\n");
      out.plainText(message.content());
      out.template("<|im_end|>\n");
    }

    @Override
    void generationPrompt(Writer out) {
      out.template("<|im_start|>assistant\n");
    }

    @Override
    boolean beginsWithBos() {
      return false;
    }
  },

  /** Falcon 3 Instruct. */
  FALCON3("Falcon 3", List.of("<|user|>", "<|assistant|>")) {
    @Override
    void message(Writer out, ChatMessage message) {
      out.template("<|" + message.role() + "|>\n");
      out.plainText(message.content());
      out.template("\n");
    }

    @Override
    void generationPrompt(Writer out) {
      out.template("<|assistant|>\n");
    }

    @Override
    boolean beginsWithBos() {
      return false;
    }
  };

  private final String title;
  private final List<String> marks;

  ChatFormat(String title, List<String> marks) {
    this.title = title;
    this.marks = marks;
  }

  String title() {
    return title;
  }

  abstract void message(Writer out, ChatMessage message);

  abstract void generationPrompt(Writer out);

  boolean beginsWithBos() {
    return true;
  }

  List<Segment> render(List<ChatMessage> messages, boolean generationPrompt, String bos) {
    Writer out = new Writer();
    if (beginsWithBos()) {
      out.template(bos);
    }
    for (ChatMessage message : messages) {
      message(out, message);
    }
    if (generationPrompt) {
      generationPrompt(out);
    }
    return out.segments;
  }

  /** Whether a vocabulary has the special tokens that the format is made of. */
  boolean fits(Tokenizer tokenizer) {
    return marks.stream().allMatch(mark -> tokenizer.findSpecial(mark).isPresent());
  }

  /** Whether a template's text contains all of the format's marks. */
  boolean isWrittenIn(String template) {
    return marks.stream().allMatch(template::contains);
  }

  /** The format whose special tokens a vocabulary has; the 2B-4T's are also Llama 3's. */
  static Optional<ChatFormat> fitting(Tokenizer tokenizer) {
    return List.of(LLAMA3, CHATML, FALCON3).stream()
        .filter(format -> format.fits(tokenizer))
        .findFirst();
  }

  /** Like Python's {@code str.strip}, which the templates call. */
  private static String trimmed(String text) {
    int from = 0;
    int to = text.length();
    while (from < to && isSpace(text.charAt(from))) {
      from++;
    }
    while (from < to && isSpace(text.charAt(to - 1))) {
      to--;
    }
    return text.substring(from, to);
  }

  private static boolean isSpace(char c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
  }

  /**
   * Collects the template's own text, which may hold special tokens, and the plain text of
   * messages.
   */
  static final class Writer {
    private final List<Segment> segments = new ArrayList<>();

    void template(String text) {
      segments.add(Segment.trusted(text));
    }

    void plainText(String text) {
      segments.add(Segment.untrusted(text));
    }
  }
}
