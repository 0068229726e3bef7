package org.bitnetj.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The variables that the hub's own tools read mean the same here. */
class HubOptionsTest {
  @TempDir Path user;

  private HubOptions options(String... variables) throws HubException {
    Map<String, String> all = new HashMap<>();
    for (int i = 0; i < variables.length; i += 2) {
      all.put(variables[i], variables[i + 1]);
    }
    return HubOptions.from(all::get, user);
  }

  @Test
  void withoutVariablesItIsThePublicHubAndTheUsersCache() throws HubException {
    HubOptions options = options("HF_TOKEN", " ");
    assertEquals(URI.create("https://huggingface.co"), options.endpoint());
    assertEquals(user.resolve(".cache/huggingface/hub"), options.cache());
    assertEquals(Optional.empty(), options.token());
    assertFalse(options.offline());
    assertTrue(options.symlinks());
  }

  @Test
  void theCacheIsWhereTheVariablesSay() throws HubException {
    Path x = user.resolve("x");
    assertEquals(x.resolve("huggingface/hub"), options("XDG_CACHE_HOME", x.toString()).cache());
    assertEquals(
        x.resolve("hub"), options("HF_HOME", x.toString(), "XDG_CACHE_HOME", "/y").cache());
    assertEquals(x, options("HF_HUB_CACHE", "~/x", "HF_HOME", "/y").cache());
    assertEquals(x, options("HUGGINGFACE_HUB_CACHE", "~/x").cache());
  }

  @Test
  void theTokenIsTheVariablesOrTheFiles() throws IOException {
    Path home = Files.createDirectories(user.resolve(".cache/huggingface"));
    Files.writeString(home.resolve("token"), "hf_file\n");
    assertEquals(Optional.of("hf_file"), options().token());
    assertEquals(Optional.of("hf_variable"), options("HF_TOKEN", "hf_variable\n").token());
    assertEquals(Optional.empty(), options("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1").token());
    Files.writeString(user.resolve("other"), "hf_other");
    assertEquals(Optional.of("hf_other"), options("HF_TOKEN_PATH", "~/other").token());
    assertFalse(options().toString().contains("hf_"), "a token is not for logs");
  }

  @Test
  void flagsAreFlags() throws HubException {
    assertTrue(options("HF_HUB_OFFLINE", "yes").offline());
    assertTrue(options("TRANSFORMERS_OFFLINE", "1").offline());
    assertFalse(options("HF_HUB_OFFLINE", "0").offline());
    assertFalse(options("HF_HUB_DISABLE_SYMLINKS", "true").symlinks());
  }

  @Test
  void anotherHubIsAnAddress() throws HubException {
    assertEquals(
        URI.create("http://127.0.0.1:8080/hf"),
        options("HF_ENDPOINT", "http://127.0.0.1:8080/hf/").endpoint());
    assertEquals(
        URI.create("https://a.example"), options().withEndpoint("https://a.example//").endpoint());
  }

  @Test
  void whatAsksNoServerNeedsNoAddress() throws HubException {
    HubOptions options =
        HubOptions.ofPublicHub(
            name -> name.equals("HF_ENDPOINT") ? "xx" : name.equals("HF_HOME") ? "/y" : null, user);
    assertEquals(URI.create("https://huggingface.co"), options.endpoint());
    assertEquals(Path.of("/y/hub").toAbsolutePath(), options.cache());
  }

  @ParameterizedTest
  @ValueSource(strings = {"huggingface.co", "ftp://a", "file:///a", "http://", "http://a?b", "h t"})
  void anotherHubIsNothingElse(String address) {
    HubException e = assertThrows(HubException.class, () -> options("HF_ENDPOINT", address));
    assertEquals(
        "HF_ENDPOINT is '" + address + "', which is not an address such as https://huggingface.co.",
        e.getMessage());
  }
}
