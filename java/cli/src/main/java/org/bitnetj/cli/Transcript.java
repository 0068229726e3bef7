package org.bitnetj.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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

  /**
   * Reads what {@link #write} wrote to a {@code .json} file.
   *
   * @throws Failures.Failure if the file holds something else
   */
  static List<ChatMessage> read(Path file) throws IOException {
    String text = TextInput.decoded(TextInput.contents(file), file.toString());
    List<ChatMessage> messages = new ArrayList<>();
    try (JsonParser parser = new JsonFactory().createParser(text)) {
      if (parser.nextToken() != JsonToken.START_ARRAY) {
        throw notSaved(file);
      }
      while (parser.nextToken() == JsonToken.START_OBJECT) {
        messages.add(message(file, parser));
      }
      if (parser.currentToken() != JsonToken.END_ARRAY || parser.nextToken() != null) {
        throw notSaved(file);
      }
    } catch (JsonProcessingException e) {
      throw notSaved(file);
    }
    return messages;
  }

  private static ChatMessage message(Path file, JsonParser parser) throws IOException {
    String role = null;
    String content = null;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      boolean isText = parser.nextToken() == JsonToken.VALUE_STRING;
      switch (name) {
        case "role" -> role = isText ? parser.getText() : null;
        case "content" -> content = isText ? parser.getText() : null;
        default -> parser.skipChildren();
      }
    }
    if (role == null || content == null) {
      throw notSaved(file);
    }
    return new ChatMessage(role, content);
  }

  private static Failures.Failure notSaved(Path file) {
    return new Failures.Failure(
        file
            + " is not a conversation: it must be JSON, an array of objects with \"role\" and"
            + " \"content\", as /save writes to a .json file.");
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
