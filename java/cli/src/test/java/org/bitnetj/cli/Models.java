package org.bitnetj.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.source.gguf.GgufHeader;
import org.bitnetj.source.gguf.GgufWriter;

/** The models that tests work on. */
final class Models {
  static final Path SHIPPED =
      Path.of(System.getProperty("bitnet.models"), "tiny-bitnet-stories-i2_s.gguf");

  private static final String TEMPLATE =
      "{{ bos_token }}{% for m in messages %}{% if m.role == 'tool' %}"
          + "{{ raise_exception('nobody may be a tool') }}{% endif %}"
          + "{{ m.role }}: {{ m.content }}\n{% endfor %}"
          + "{% if add_generation_prompt %}assistant:{% endif %}";

  private Models() {}

  /** Writes the shipped model with a chat template to {@code file}. */
  static Path writeChatModel(Path file) throws IOException {
    return writeChatModel(file, TEMPLATE);
  }

  static Path writeChatModel(Path file, String template) throws IOException {
    try (GgufFile shipped = GgufFile.open(SHIPPED)) {
      GgufHeader header = new GgufHeader();
      for (String key : shipped.metadata().keys()) {
        header.copy(shipped, key);
      }
      header.text("tokenizer.chat_template", template);
      for (Tensor tensor : shipped.tensors()) {
        header.tensor(
            tensor.name(),
            tensor.format(),
            tensor.dims().stream().mapToLong(Long::longValue).toArray());
      }
      try (GgufWriter writer = GgufWriter.create(file, header)) {
        for (Tensor tensor : shipped.tensors()) {
          writer.begin(tensor.name());
          writer.write(tensor.data());
        }
        writer.commit();
      }
    }
    return file;
  }
}
