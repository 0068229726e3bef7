package org.bitnetj.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelNameTest {
  @Test
  void aNameHasAnOwnerARepositoryAndPerhapsARevisionAndAFile() {
    ModelName name =
        ModelName.parse("1bitLLM/bitnet_b1_58-3B@refs/pr/2:sub/a b.gguf").orElseThrow();
    assertEquals("1bitLLM/bitnet_b1_58-3B", name.id());
    assertEquals(Optional.of("refs/pr/2"), name.revision());
    assertEquals(Optional.of("sub/a b.gguf"), name.file());
    assertEquals(Optional.empty(), ModelName.parse("a/b").orElseThrow().revision());
    assertEquals(Optional.empty(), ModelName.parse("a/b@v1").orElseThrow().file());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a/b",
        "a/b@v1.0",
        "a/b:m.gguf",
        "a/b@main:x/y.gguf",
        "microsoft/bitnet-b1.58-2B-4T-gguf"
      })
  void aNameIsWrittenAsItWasRead(String text) {
    assertEquals(text, ModelName.parse(text).orElseThrow().toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "a",
        "2b4t",
        "/a/b",
        "./a",
        "../a",
        "a/..",
        "a/b/c",
        "a//b",
        "~/a",
        "a/b.",
        "a/-b",
        "a--x/b",
        "a/b--c",
        "a/b..c",
        "a/b:",
        "a/b:/x",
        "a/b:../x",
        "a/b:x/../y",
        "a/b:x\\y",
        "a/b:x\u202ey",
        "a/b:C:x",
        "a/b:x\ny",
        "a/b@",
        "a/b@../x",
        "a/b@/x",
        "a/b@x y",
        "a b/c",
        "a/ü",
        "C:/x",
        "https://huggingface.co/a/b",
        "a/b:.",
        "a/b:x."
      })
  void whatCouldBeAPathElsewhereIsNoName(String text) {
    assertEquals(Optional.empty(), ModelName.parse(text));
  }

  @Test
  void shortNamesAreDistinctAndNoNames() {
    assertEquals(
        KnownModel.all().size(),
        KnownModel.all().stream().map(KnownModel::shortName).collect(Collectors.toSet()).size());
    for (KnownModel known : KnownModel.all()) {
      assertEquals(Optional.empty(), ModelName.parse(known.shortName()));
      assertEquals(Optional.of(known), KnownModel.find(known.shortName().toUpperCase()));
      assertTrue(known.sha256().map(RemoteFile::isHash).orElse(true), known::shortName);
    }
    assertEquals(
        "microsoft/bitnet-b1.58-2B-4T-gguf:ggml-model-i2_s.gguf",
        KnownModel.find("2b4t").orElseThrow().model().toString());
    assertEquals(Optional.empty(), KnownModel.find("2b4"));
  }
}
