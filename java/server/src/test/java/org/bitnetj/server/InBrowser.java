package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A browser for the tests of the chat page, and a scripted server for each of them. */
abstract class InBrowser {
  @TempDir static Path downloads;
  static Browser browser;
  ScriptedServer scripted;

  @BeforeAll
  static void startBrowser() {
    browser = Browser.start(downloads);
  }

  @AfterAll
  static void closeBrowser() {
    if (browser != null) {
      browser.close();
      browser = null;
    }
  }

  @BeforeEach
  void startServer() throws Exception {
    scripted = new ScriptedServer();
  }

  @AfterEach
  void noErrorIsLeft() {
    browser.reset();
    scripted.close();
    assertEquals(List.of(), browser.errors());
  }

  /** The places among the versions, such as 2/3, of the messages that have several. */
  static List<String> branches() {
    return browser.texts(".branch span").stream().filter(text -> !text.isEmpty()).toList();
  }
}
