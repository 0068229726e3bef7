package org.bitnetj.source.huggingface;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.option.Pooling;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PoolingFilesTest {
  @TempDir Path folder;

  private void write(String file, String json) throws IOException {
    Path path = folder.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, json.replace('\'', '"'));
  }

  private static String module(String type, String path) {
    return "{'name':'x','path':'" + path + "','type':'sentence_transformers.models." + type + "'}";
  }

  private void modules(String... modules) throws IOException {
    write("modules.json", "[" + String.join(",", modules) + "]");
  }

  private String refusal() {
    return assertThrows(ModelFileException.class, () -> PoolingFiles.read(folder)).getMessage();
  }

  @Test
  void nothingSaysItWithoutFiles() throws IOException {
    assertEquals(Optional.empty(), PoolingFiles.read(folder));
    write("config_sentence_transformers.json", "{'default_prompt_name':null,'prompts':{}}");
    assertEquals(Optional.empty(), PoolingFiles.read(folder));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'pooling_mode_cls_token':false,'pooling_mode_mean_tokens':true} | MEAN",
        "{'pooling_mode_lasttoken':true,'include_prompt':false} | LAST",
        "{'pooling_mode':'mean','include_prompt':true} | MEAN",
        "{'pooling_mode':'lasttoken'} | LAST"
      })
  void oneModeIsOn(String config, Pooling expected) throws IOException {
    write("1_Pooling/config.json", config);
    assertEquals(Optional.of(expected), PoolingFiles.read(folder));
  }

  @Test
  void modulesNameTheFolderOfThePooling() throws IOException {
    write("1_Pooling/config.json", "{'pooling_mode_cls_token':true}"); // that of another model
    write("2_Pooling/config.json", "{'pooling_mode_mean_tokens':true}");
    modules(
        module("Transformer", ""),
        module("Pooling", "2_Pooling"),
        module("Normalize", "3_Normalize"));
    assertEquals(Optional.of(Pooling.MEAN), PoolingFiles.read(folder));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'pooling_mode_cls_token':true} | 'pooling_mode_cls_token' is true",
        "{'pooling_mode_of_tomorrow':true} | 'pooling_mode_of_tomorrow' is true",
        "{'pooling_mode':'cls'} | 'pooling_mode' is 'cls'",
        "{'pooling_mode':['mean','max']} | 'pooling_mode' must be text",
        "{'pooling_mode_mean_tokens':true,'pooling_mode_lasttoken':true} | several modes",
        "{'pooling_mode_mean_tokens':false} | no mode of pooling is on",
        "{'pooling_mode_mean_tokens':true,'include_prompt':false} | 'include_prompt' is false"
      })
  void whatIsNotComputedIsRefusedByName(String config, String reason) throws IOException {
    write("1_Pooling/config.json", config);
    String sentence = refusal();
    assertTrue(sentence.contains(reason), sentence);
  }

  @Test
  void modulesThatAreNotComputedAreRefusedByName() throws IOException {
    write("1_Pooling/config.json", "{'pooling_mode_mean_tokens':true}");
    String pooling = module("Pooling", "1_Pooling");
    modules(module("Transformer", ""), pooling, module("Dense", "2_Dense"));
    assertTrue(refusal().contains("'2.type' is 'sentence_transformers.models.Dense'"), refusal());
    modules(module("Transformer", ""), pooling, pooling);
    assertTrue(refusal().contains("second Pooling"), refusal());
    modules(module("Transformer", ""));
    assertTrue(refusal().contains("no module is a Pooling"), refusal());
    modules(module("Transformer", ""), module("Pooling", "../1_Pooling"));
    assertTrue(refusal().contains("'1.path' is not the name of a folder"), refusal());
    modules(module("Transformer", ""), module("Pooling", "7_Pooling"));
    assertTrue(refusal().contains("there is no such file"), refusal());
  }

  @Test
  void modulesInAnotherOrderOrPlaceAreRefused() throws IOException {
    write("1_Pooling/config.json", "{'pooling_mode_mean_tokens':true}");
    String transformer = module("Transformer", "");
    String pooling = module("Pooling", "1_Pooling");
    String normalize = module("Normalize", "2_Normalize");
    modules(transformer, normalize, pooling);
    assertTrue(refusal().contains("'1.type' is not in its place"), refusal());
    modules(pooling, transformer);
    assertTrue(refusal().contains("'0.type' is not in its place"), refusal());
    modules(transformer, transformer, pooling);
    assertTrue(refusal().contains("'1.type' is not in its place"), refusal());
    modules(module("Transformer", "0_Transformer"), pooling);
    assertTrue(refusal().contains("'0.path' is '0_Transformer', so the model is"), refusal());
  }

  @ParameterizedTest
  @ValueSource(strings = {"sentence_bert_config.json", "sentence_xlm-roberta_config.json"})
  void whatBecomesOfTextsIsRead(String file) throws IOException {
    write("1_Pooling/config.json", "{'pooling_mode_mean_tokens':true}");
    assertEquals(OptionalLong.empty(), PoolingFiles.tokens(folder));
    write(file, "{'max_seq_length':null,'do_lower_case':false}");
    assertEquals(OptionalLong.empty(), PoolingFiles.tokens(folder));
    assertEquals(Optional.of(Pooling.MEAN), PoolingFiles.read(folder));
    write(file, "{'max_seq_length':512}");
    assertEquals(OptionalLong.of(512), PoolingFiles.tokens(folder));
    write(file, "{'max_seq_length':0,'do_lower_case':true}");
    assertTrue(refusal().contains("'do_lower_case' is true"), refusal());
    String sentence =
        assertThrows(ModelFileException.class, () -> PoolingFiles.tokens(folder)).getMessage();
    assertTrue(sentence.contains("'max_seq_length' is 0"), sentence);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "[1]"})
  void modulesAreAnArrayOfObjects(String json) throws IOException {
    write("modules.json", json);
    assertTrue(refusal().contains("not an array of objects"), refusal());
  }

  @Test
  void aPromptBeforeEveryTextIsRefused() throws IOException {
    write("config_sentence_transformers.json", "{'default_prompt_name':'query'}");
    assertTrue(refusal().contains("'default_prompt_name' is set"), refusal());
  }
}
