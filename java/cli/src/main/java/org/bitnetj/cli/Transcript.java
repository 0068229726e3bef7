package org.bitnetj.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.bitnetj.chat.ChatMessage;

/** A conversation as a file. */
final class Transcript {
  private Transcript() {}

  /**
   * Writes {@code role: content} paragraphs, or to a {@code .json} file an array of objects with
   * {@code role} and {@code content}.
   *
   * @param replace whether a file that is there may go
   * @throws Failures.Failure if it cannot be written
   */
  static void write(Path file, List<ChatMessage> messages, boolean replace) {
    if (!replace && Files.isRegularFile(file)) {
      throw new Failures.Failure(file + " exists; choose another name.");
    }
    String text = file.toString().endsWith(".json") ? json(messages) : paragraphs(messages);
    try (ResultFile result = ResultFile.create(file)) {
      result.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
      result.commit();
    }
  }

  private static String paragraphs(List<ChatMessage> messages) {
    return messages.stream()
        .map(message -> message.role() + ": " + message.content() + "\n")
        .collect(Collectors.joining("\n"));
  }

  private static String json(List<ChatMessage> messages) {
    StringWriter text = new StringWriter();
    try (JsonGenerator generator = new JsonFactory().createGenerator(text)) {
      generator.useDefaultPrettyPrinter();
      generator.writeStartArray();
      for (ChatMessage message : messages) {
        generator.writeStartObject();
        generator.writeStringField("role", message.role());
        generator.writeStringField("content", message.content());
        generator.writeEndObject();
      }
      generator.writeEndArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a StringWriter never fails
    }
    return text + "\n";
  }
}
