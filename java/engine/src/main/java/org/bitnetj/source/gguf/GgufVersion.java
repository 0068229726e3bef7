package org.bitnetj.source.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.source.Printable;

/** What a file starts with: GGUF's magic number and version, or what other files have there. */
final class GgufVersion {
  static final int MAGIC = 0x46554747; // "GGUF" as a little-endian int

  private GgufVersion() {}

  /**
   * The version, of a file that the engine reads.
   *
   * @throws ModelFileException if it is of another kind or version; the sentence says of which
   */
  static int read(Path path, MemorySegment file, HeaderCursor cursor) throws ModelFileException {
    if (file.byteSize() == 0) {
      throw new ModelFileException(path + ": the file is empty.");
    }
    if (file.byteSize() < 4 || file.get(HeaderCursor.INT, 0) != MAGIC) {
      throw new ModelFileException(path + ": " + foreignContainer(file));
    }
    cursor.u32("the magic number");
    int version = cursor.u32("the version");
    if (version == 2 || version == 3) {
      return version;
    }
    if (version != 0 && (version & 0xFFFF) == 0) {
      throw cursor.failure(
          4,
          "is big-endian, which this engine does not read; convert the model without --bigendian");
    }
    throw cursor.failure(
        4,
        "says GGUF version "
            + Integer.toUnsignedString(version)
            + ", but this engine reads 2 and"
            + " 3; convert the model again with a current converter");
  }

  /** What a file without the magic number seems to be, as the rest of a sentence. */
  private static String foreignContainer(MemorySegment file) {
    byte[] head = file.asSlice(0, Math.min(file.byteSize(), 16)).toArray(ValueLayout.JAVA_BYTE);
    String text = new String(head, StandardCharsets.ISO_8859_1);
    if ("GGUF".startsWith(text)) {
      return "the file ends at byte " + head.length + ", inside GGUF's magic number.";
    }
    if (text.startsWith("version https:")) {
      return "this is a Git LFS pointer, not the model; fetch it with 'git lfs pull'.";
    }
    if (text.startsWith("PK")) {
      return "this is a ZIP or PyTorch archive, not a GGUF file; convert the model first.";
    }
    if (text.startsWith("<")) {
      return "this is a web page, not a GGUF file; the download went wrong.";
    }
    if (text.startsWith("lmgg") || text.startsWith("tjgg") || text.startsWith("fmgg")) {
      return "this is a GGML file from before GGUF; convert the model again.";
    }
    if (head.length > 8 && head[8] == '{') {
      return "this looks like a safetensors file, not GGUF.";
    }
    return "not a GGUF file: it starts with '"
        + Printable.of(text.substring(0, Math.min(4, text.length())), 40)
        + "' instead of 'GGUF'.";
  }
}
