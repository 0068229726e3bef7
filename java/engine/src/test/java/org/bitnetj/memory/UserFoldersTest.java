package org.bitnetj.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

@DisabledOnOs(value = OS.WINDOWS, disabledReason = "its absolute paths have drives")
class UserFoldersTest {
  private static UserFolders folders(String os, String home, Map<String, String> variables) {
    Map<String, String> properties = Map.of("os.name", os, "user.home", home);
    return new UserFolders(properties::get, variables::get);
  }

  private static Optional<Path> folder(String os, String home, Map<String, String> variables) {
    return folders(os, home, variables).cache();
  }

  private static Optional<Path> state(String os, String home, Map<String, String> variables) {
    return folders(os, home, variables).state();
  }

  @Test
  void eachSystemHasItsOwn() {
    Map<String, String> none = Map.of();
    assertEquals(Optional.of(Path.of("/h/.cache")), folder("Linux", "/h", none));
    assertEquals(Optional.of(Path.of("/h/Library/Caches")), folder("Mac OS X", "/h", none));
    assertEquals(Optional.of(Path.of("/h/AppData/Local")), folder("Windows 11", "/h", none));
  }

  @Test
  void variablesNameAnother() {
    Map<String, String> variables = Map.of("XDG_CACHE_HOME", "/x", "LOCALAPPDATA", "/y");
    assertEquals(Optional.of(Path.of("/x")), folder("Linux", "/h", variables));
    assertEquals(Optional.of(Path.of("/y")), folder("Windows 11", "/h", variables));
    assertEquals(Optional.of(Path.of("/h/Library/Caches")), folder("Mac OS X", "/h", variables));
  }

  @Test
  void whatIsNotAbsoluteIsIgnored() {
    Map<String, String> relative = Map.of("XDG_CACHE_HOME", "x");
    assertEquals(Optional.of(Path.of("/h/.cache")), folder("Linux", "/h", relative));
    assertEquals(Optional.empty(), folder("Linux", "?", Map.of("XDG_CACHE_HOME", "")));
  }

  @Test
  void eachSystemHasItsPlaceForState() {
    Map<String, String> named = Map.of("XDG_STATE_HOME", "/state");
    assertEquals(Optional.of(Path.of("/h/.local/state")), state("Linux", "/h", Map.of()));
    assertEquals(Optional.of(Path.of("/state")), state("Linux", "/h", named));
    assertEquals(
        Optional.of(Path.of("/h/Library/Application Support")), state("Mac OS X", "/h", named));
    assertEquals(
        Optional.of(Path.of("/h/.local/state")),
        state("Linux", "/h", Map.of("XDG_STATE_HOME", "state")));
    assertEquals(Optional.empty(), state("Linux", "?", Map.of()));
    assertEquals(Optional.empty(), state("Windows 11", "/h", Map.of()));
  }
}
