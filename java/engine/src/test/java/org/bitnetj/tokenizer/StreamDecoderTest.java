package org.bitnetj.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.bitnetj.source.gguf.GgufVocabulary;
import org.junit.jupiter.api.Test;

class StreamDecoderTest {
  /** A busy machine takes its time to compile. */
  private static final long MOST_WARM_UP_NANOS = 60_000_000_000L;

  @Test
  void holdsACharacterBackUntilItIsWhole() throws IOException {
    Tokenizer bytes = Tokenizer.of(new GgufVocabulary(SmallVocabulary.byteLevel().metadata()));
    StreamDecoder decoder = bytes.newDecoder(true);
    int[] llama = bytes.encode("🦙é", false, false);
    assertEquals(6, llama.length);
    String[] expected = {"", "", "", "🦙", "", "é"};
    for (int i = 0; i < 6; i++) {
      assertEquals(expected[i], decoder.next(llama[i]));
    }
    assertEquals("", decoder.finish());
  }

  @Test
  void replacesBadBytesAsSoonAsTheyAreCertain() throws IOException {
    Tokenizer bytes = Tokenizer.of(new GgufVocabulary(SmallVocabulary.byteLevel().metadata()));
    int[] ids = new int[256];
    for (int id = 0; id < 256; id++) {
      ids[bytes.bytes(id)[0] & 0xFF] = id;
    }
    StreamDecoder decoder = bytes.newDecoder(true);
    assertEquals("\uFFFD", decoder.next(ids[0xFF]));
    assertEquals("", decoder.next(ids[0xE2]));
    assertEquals("", decoder.next(ids[0x82]));
    assertEquals("\uFFFDa", decoder.next(ids['a']));
    assertEquals("", decoder.next(ids[0xF0]));
    assertEquals("\uFFFD", decoder.finish());
    assertEquals("b", decoder.next(ids['b']));
    assertEquals("", decoder.finish());
  }

  @Test
  void textIsThatOfAllBytesWhateverTheTokens() throws IOException {
    Tokenizer tokenizer = Vocabularies.shipped();
    Random random = new Random(5);
    for (int round = 0; round < 500; round++) {
      int[] ids = random.ints(random.nextInt(60), 0, tokenizer.vocabularySize()).toArray();
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      StringBuilder streamed = new StringBuilder();
      StreamDecoder decoder = tokenizer.newDecoder(true);
      for (int id : ids) {
        if (!tokenizer.isSpecial(id)) {
          all.writeBytes(tokenizer.bytes(id));
        }
        String part = decoder.next(id);
        streamed.append(part);
      }
      streamed.append(decoder.finish());
      assertEquals(all.toString(StandardCharsets.UTF_8), streamed.toString());
      assertEquals(streamed.toString(), tokenizer.decode(ids));
    }
  }

  @Test
  void everySplitOfATextStreamsToTheText() throws IOException {
    Tokenizer tokenizer = Vocabularies.shipped();
    String text = "Once upon a time, naïve 中文 🦙🦙 said: «ça va?»";
    int[] ids = tokenizer.encode(text, false, false);
    for (int split = 0; split <= ids.length; split++) {
      StreamDecoder decoder = tokenizer.newDecoder(true);
      StringBuilder out = new StringBuilder();
      for (int i = 0; i < split; i++) {
        decoder.append(ids[i], out);
      }
      for (int i = split; i < ids.length; i++) {
        out.append(decoder.next(ids[i]));
      }
      assertEquals(text, out.append(decoder.finish()).toString());
    }
  }

  @Test
  void aContinuationKeepsItsFirstSpaceAndATextDropsThePrefix() throws IOException {
    SmallVocabulary vocabulary = SmallVocabulary.sentencePiece().token("▁hi", TokenType.NORMAL);
    Tokenizer tokenizer = Tokenizer.of(new GgufVocabulary(vocabulary.metadata()));
    int hi = vocabulary.id("▁hi");
    StreamDecoder text = tokenizer.newDecoder(true);
    assertEquals("hi", text.next(hi));
    assertEquals(" hi", text.next(hi));
    assertEquals("", text.next(vocabulary.id("</s>")));
    assertEquals("hi", text.next(hi));
    assertEquals(" hi", tokenizer.newDecoder(false).next(hi));
  }

  @Test
  void refusesTokensTheVocabularyLacks() throws IOException {
    Tokenizer tokenizer = Vocabularies.shipped();
    int size = tokenizer.vocabularySize();
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> tokenizer.newDecoder(true).next(size));
    assertEquals(
        "Token " + size + " is not in the vocabulary of " + size + " tokens.", e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> tokenizer.decode(-1));
  }

  @Test
  void textAllocatesNothingWhereThereIsRoomForIt() throws IOException {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    Tokenizer tokenizer = Vocabularies.shipped();
    StreamDecoder decoder = tokenizer.newDecoder(false);
    StringBuilder text = new StringBuilder(1 << 16);
    long allocated = -1;
    long deadline = System.nanoTime() + MOST_WARM_UP_NANOS;
    while (allocated != 0 && System.nanoTime() < deadline) {
      text.setLength(0);
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int id = 0; id < tokenizer.vocabularySize(); id++) {
        decoder.append(id, text);
      }
      allocated = threads.getCurrentThreadAllocatedBytes() - before;
    }
    assertEquals(0, allocated, "bytes for each token of the vocabulary once, at last");
  }
}
