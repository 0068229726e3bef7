package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;

/** What a person sees and does on the chat page. */
class PageTest extends InBrowser {
  @Test
  void anAnswerOfAModelStreamsAndIsCounted() throws Exception {
    try (ServedModel served = new ServedModel(ServedModel.options())) {
      browser.open(served.server.port());
      browser.waitForText("#model", "tiny-bitnet-stories-i2_s");
      browser.button("Settings").click();
      browser.shown("#max_tokens").sendKeys("25");
      browser.shown("#seed").sendKeys("7");
      browser.press(Keys.ESCAPE);
      browser.chat("Tell a story.");
      JsonNode same =
          served.ask(
              "/v1/chat/completions",
              """
              {"messages": [{"role": "user", "content": "Tell a story."}], "seed": 7,
               "max_tokens": 25}\
              """);
      String expected = same.at("/choices/0/message/content").textValue();
      assertEquals(words(expected), words(browser.answer()));
      assertTrue(
          browser
              .shown("article.assistant .speed")
              .getText()
              .matches(
                  "The answer reached its length limit\\. 25 tokens · [0-9.,]+ tokens/s · prompt:"
                      + " .* tokens.*"),
          browser.shown("article.assistant .speed").getText());
      assertEquals(expected, browser.shown("#announcement").getDomProperty("textContent"));
    }
  }

  private static List<String> words(String text) {
    return Arrays.asList(text.strip().split("\\s+"));
  }

  @Test
  void piecesAppearAsTheyComeAndAnAnswerCanBeStopped() throws Exception {
    scripted.answers("One ", "two ", ScriptedServer.HOLD, "three").answers("Again.");
    browser.open(scripted.port());
    browser.send("Count.");
    browser.waitForText("article.assistant .body", "One two");
    assertFalse(browser.isIdle());
    browser.button("Stop").click();
    browser.waitUntilIdle();
    assertTrue(scripted.isLeft(), "the server is told");
    assertEquals("One two", browser.answer());
    browser.waitForText("article.assistant .speed", "Stopped.");
    browser.button("Answer again").click();
    browser.waitForText("article.assistant .body", "Again.");
    scripted.request();
    assertEquals(1, scripted.request().get("messages").size());
  }

  @Test
  void editedMessagesAndRepeatedAnswersAreVersions() throws Exception {
    scripted.answers("First.").answers("Second.").answers("Third.").answers("More.");
    browser.open(scripted.port());
    browser.chat("Hello");
    browser.button("Answer again").click();
    browser.waitForText("article.assistant .body", "Second.");
    browser.waitForText("article.assistant .branch", "2/2");
    browser.button("Edit this message").click();
    WebElement area = browser.shown("article.user textarea");
    assertEquals("Hello", area.getDomProperty("value"));
    area.sendKeys(" you" + Keys.ENTER);
    browser.waitForText("article.assistant .body", "Third.");
    assertEquals(List.of("Hello you"), browser.texts("article.user .body"));
    browser.button("Previous version").click();
    assertEquals(List.of("Hello"), browser.texts("article.user .body"));
    assertEquals("Second.", browser.answer());
    assertEquals("Next version", browser.driver.switchTo().activeElement().getAccessibleName());
    browser.button("Previous version").click(); // the last such button is the answer's
    assertEquals("First.", browser.answer());
    browser.chat("On this branch");
    for (int i = 0; i < 3; i++) {
      scripted.request();
    }
    JsonNode messages = scripted.request().get("messages");
    assertEquals(
        List.of("Hello", "First.", "On this branch"), messages.findValuesAsText("content"));

    browser.driver.navigate().refresh();
    browser.waitForText("article.assistant .body", "More.");
    assertEquals(List.of("Hello", "On this branch"), browser.texts("article.user .body"));
    assertEquals(List.of("1/2", "1/2"), branches());
  }

  @Test
  void chatsAreKeptRenamedExportedAndDeleted() throws Exception {
    scripted.answers("About cats.").answers("About dogs.");
    browser.open(scripted.port());
    browser.chat("Cats");
    browser.button("New chat").click();
    assertEquals(0, browser.answers());
    browser.chat("Dogs");
    browser.waitFor(d -> browser.texts("#chats .chat").equals(List.of("Dogs", "Cats")));
    browser.driver.navigate().refresh();
    browser.waitForText("article.assistant .body", "About dogs.");
    browser.button("Cats").click();
    browser.waitForText("article.assistant .body", "About cats.");
    WebElement title = browser.shown("#title");
    title.clear();
    title.sendKeys("Felines" + Keys.TAB);
    browser.waitFor(d -> browser.texts("#chats .chat").contains("Felines"));
    browser.button("Export “Felines” as JSON").click();
    Path file = browser.waitFor(d -> downloaded());
    JsonNode exported = ServedModel.JSON.readTree(file.toFile());
    assertEquals("Felines", exported.get("title").textValue());
    assertEquals("About cats.", exported.at("/messages/1/text").textValue());
    Files.delete(file);
    browser.button("Delete “Felines”").click();
    browser.button("Delete").click();
    browser.waitFor(d -> browser.texts("#chats .chat").equals(List.of("Dogs")));
    assertEquals(0, browser.answers());
    browser.driver.navigate().back();
    browser.driver.navigate().refresh();
    browser.waitFor(d -> browser.texts("#chats .chat").equals(List.of("Dogs")));
  }

  @Test
  void anExportedChatIsImportedWithItsVersions() throws Exception {
    scripted.answers("First.").answers("Second.").answers("More.");
    browser.open(scripted.port());
    browser.chat("Hello");
    browser.button("Answer again").click();
    browser.waitForText("article.assistant .body", "Second.");
    browser.waitUntilIdle();
    browser.button("Export “Hello” as JSON").click();
    Path file = browser.waitFor(d -> downloaded());
    browser.button("Delete “Hello”").click();
    browser.button("Delete").click();
    browser.waitFor(d -> browser.texts("#chats .chat").isEmpty());
    WebElement chooser = browser.all("#import-file").getFirst();
    chooser.sendKeys(file.toString());
    browser.waitForText("article.assistant .body", "Second.");
    assertEquals(List.of("Hello"), browser.texts("#chats .chat"));
    assertEquals(List.of("2/2"), branches());
    browser.button("Previous version").click();
    assertEquals("First.", browser.answer());
    browser.chat("And?");
    browser.waitForText("article.assistant .body", "More.");
    assertFalse(browser.isShown("#import-failure"));
    for (int i = 0; i < 2; i++) {
      scripted.request();
    }
    assertEquals(
        List.of("Hello", "First.", "And?"),
        scripted.request().get("messages").findValuesAsText("content"));
    Files.delete(file);
  }

  @Test
  void aFileThatIsNoChatIsRefusedByASentence() throws Exception {
    browser.open(scripted.port());
    Path file = Files.writeString(downloads.resolve("other.txt"), "{\"messages\": []}");
    browser.all("#import-file").getFirst().sendKeys(file.toString());
    browser.waitForText(
        "#import-failure",
        "other.txt was not imported. This file is no chat that was exported here.");
    assertEquals(List.of(), browser.texts("#chats .chat"));
  }

  private static Path downloaded() {
    try (Stream<Path> files = Files.list(downloads)) {
      return files.filter(f -> f.toString().endsWith(".json")).findFirst().orElse(null);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void theSettingsReachTheServerAndAreKept() throws Exception {
    scripted.answers("No.").answers("Yes.");
    browser.open(scripted.port());
    browser.chat("Code?");
    browser.button("Settings").click();
    browser.shown("#system").sendKeys("Be brief.");
    browser.shown("#temperature").sendKeys("0.5");
    browser.shown("#top_p").sendKeys("0.9");
    browser.shown("#top_k").sendKeys("0");
    browser.shown("#min_p").sendKeys("7"); // not a value that it can have
    browser.shown("#thinking").sendKeys("Off");
    browser.button("Close settings").click();
    browser.chat("And now?");
    scripted.request();
    JsonNode request = scripted.request();
    assertEquals(
        ServedModel.JSON.readTree(
            """
            {"messages": [{"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Code?"}, {"role": "assistant", "content": "No."},
                {"role": "user", "content": "And now?"}],
             "stream": true, "temperature": 0.5, "top_p": 0.9, "top_k": 0,
             "chat_template_kwargs": {"enable_thinking": false}}\
            """),
        request);
    browser.driver.navigate().refresh();
    browser.button("Settings").click();
    assertEquals("Be brief.", browser.shown("#system").getDomProperty("value"));
    browser.press(Keys.ESCAPE);
  }

  @Test
  void codeIsCopiedAndThinkingIsFolded() throws Exception {
    scripted.answers(
        ScriptedServer.THINK + "Let me ", ScriptedServer.THINK + "see.", "```sh\nls -l\n", "```\n");
    browser.open(scripted.port());
    browser.chat("How?");
    assertEquals(List.of("sh"), browser.texts("figcaption span"));
    browser.button("Copy the code (sh)").click();
    browser.shown("[data-done=Copied]");
    browser.shown("#input").sendKeys(Keys.chord(Keys.CONTROL, "v"));
    assertEquals("ls -l", browser.shown("#input").getDomProperty("value"));
    assertFalse(browser.answer().contains("Let me see"));
    assertFalse(browser.isShown(".thinking div"));
    browser.shown(".thinking summary").click();
    assertEquals("Let me see.", browser.shown(".thinking div").getText());
    browser.button("Copy this text").click();
    browser.shown("[aria-label='Copy this text'][data-done]");
    assertEquals(
        "4 tokens · 41.5 tokens/s · prompt: 42 tokens, 12 of them cached",
        browser.shown(".assistant .speed").getText());
  }

  @Test
  void theEndIsFollowedUnlessThePersonScrolledAway() throws Exception {
    String screens = "line\n\n".repeat(60);
    scripted.answers(screens, ScriptedServer.HOLD, screens, ScriptedServer.HOLD, screens);
    browser.open(scripted.port());
    browser.send("Go.");
    browser.waitFor(d -> fromEnd() == 0 && scrolled() > 500);
    assertFalse(browser.isShown("#to-end"));
    browser.script("document.getElementById('scroll').scrollTop = 100");
    browser.shown("#to-end");
    scripted.release();
    browser.waitFor(d -> fromEnd() > 2000);
    assertEquals(100, scrolled());
    browser.button("Go to the end of the chat").click();
    browser.waitFor(d -> fromEnd() == 0);
    scripted.release();
    browser.waitUntilIdle();
    browser.waitFor(d -> fromEnd() == 0 && scrolled() > 3000);
  }

  private static long scrolled() {
    return ((Number)
            browser.script("return Math.round(document.getElementById('scroll').scrollTop)"))
        .longValue();
  }

  private static long fromEnd() {
    return ((Number)
            browser.script(
                """
                const area = document.getElementById("scroll");
                return Math.floor(area.scrollHeight - area.scrollTop - area.clientHeight);
                """))
        .longValue();
  }

  @Test
  void aPageThatIsClosedKeepsWhatHadCome() {
    scripted.answers("Half an ", ScriptedServer.HOLD);
    browser.open(scripted.port());
    browser.send("Speak.");
    browser.waitForText("article.assistant .body", "Half an");
    browser.waitFor(d -> stored().contains("Half an"));
    browser.driver.navigate().refresh();
    browser.waitForText(".error", "The page was closed before the answer ended.");
    assertEquals("Half an", browser.answer());
  }

  /** The answer that the browser has stored, as of now. */
  private static String stored() {
    return (String)
        browser.script(
            """
            return new Promise((resolve) => {
              indexedDB.open("bitnet").onsuccess = ({ target: { result } }) => {
                const get = result.transaction("chats").objectStore("chats").getAll();
                get.onsuccess = () => { result.close(); resolve(get.result[0].messages[1].text); };
              };
            });
            """);
  }
}
