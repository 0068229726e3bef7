package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.bitnetj.generate.LanguageModel;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.Keys;

/** What the chat page makes of servers that go, refuse or send something hostile. */
class PageServerTest extends InBrowser {
  @Test
  void whatAModelWritesStaysText() throws Exception {
    String hostile =
        "<script>window.hit = 1</script> <img src=x onerror='window.hit = 2'>\n\n"
            + "<iframe srcdoc='<script>parent.hit = 3</script>'></iframe>\n\n"
            + "[a](javascript:window.hit=4) [b](JaVa\tScript:window.hit=5)"
            + " [c](data:text/html,<script>1</script>) <javascript:window.hit=6>\n\n"
            + "![d](http://127.0.0.1:1/leak.png) [e](https://example.org/?\"onclick=\"x)\n\n"
            + "```<script>\n</code></pre><script>window.hit = 7</script>\n```\n\n"
            + "| <b>f</b> | g |\n|---|---|\n| <svg onload=window.hit=8> | h |\n";
    scripted.answers(ScriptedServer.THINK + "<img src=x onerror='window.hit = 9'>", hostile);
    browser.open(scripted.port());
    browser.chat("<img src=x onerror='window.hit = 10'>");
    String shown = browser.shown("#messages").getText();
    assertTrue(shown.contains("<script>window.hit = 1</script>"), shown);
    assertTrue(shown.contains("[a](javascript:window.hit=4)"), shown);
    assertTrue(shown.contains("<svg onload=window.hit=8>"), shown);
    assertEquals(
        List.of(), browser.all("#messages :is(script, img, iframe, b, [onclick], [onload])"));
    List<String> links =
        browser.all("#messages a").stream().map(a -> a.getDomAttribute("href")).toList();
    assertTrue(links.stream().allMatch(a -> a.matches("https?://.*")), links.toString());
    assertTrue(
        browser.all("#messages a").stream()
            .allMatch(a -> a.getDomAttribute("rel").contains("noopener")));
    assertEquals(null, browser.script("return window.hit"));
    assertEquals(
        null,
        browser.script(
            "return performance.getEntriesByType('resource')"
                + ".map(e => e.name).find(name => name.includes('leak'))"));
  }

  @Test
  void aServerThatIsGoneAndBackIsTold() throws Exception {
    try (ServedModel served = new ServedModel(ServedModel.options())) {
      int port = served.server.port();
      browser.open(port);
      browser.button("Settings").click();
      browser.shown("#max_tokens").sendKeys("5");
      browser.shown("#seed").sendKeys("7");
      browser.press(Keys.ESCAPE);
      browser.chat("Hello");
      String first = browser.answer();
      served.server.close();
      browser.send("Are you there?");
      browser.waitForText(".error", "The server cannot be reached.");
      browser.waitForText("#connection", "Waiting for the server");
      assertEquals(first, browser.texts("article.assistant .body").getFirst());
      try (ModelServer again = ModelServer.start(served.model, options(port, Set.of()))) {
        assertEquals(port, again.port());
        browser.waitForText("#connection", "The server is back.");
        browser.button("Try again").click();
        browser.waitFor(
            d -> browser.isIdle() && !browser.isShown(".error") && !browser.answer().isEmpty());
        assertEquals(2, browser.answers());
        assertEquals(List.of(), branches(), "a failed answer without text is no version");
        assertFalse(browser.isShown("#connection"));
      }
    }
  }

  private static ServerOptions options(int port, Set<String> keys) {
    return ServedModel.options().withPort(port).withApiKeys(ServedModel.keys(keys));
  }

  @Test
  void anAnswerThatIsCutKeepsItsTextAndCanBeRepeated() {
    scripted.answers("Half an ", ScriptedServer.CUT).answers("Whole.");
    browser.open(scripted.port());
    browser.send("Speak.");
    browser.waitForText(".error", "The connection was lost before the answer ended.");
    assertEquals("Half an", browser.answer());
    browser.button("Try again").click();
    browser.waitForText("article.assistant .body", "Whole.");
    assertEquals(List.of("2/2"), branches());
  }

  @Test
  void aKeyIsAskedForAndKeptInTheTab() throws Exception {
    try (ServedModel served = new ServedModel(options(0, Set.of("open-sesame")))) {
      browser.open(served.server.port());
      browser.button("Settings").click();
      browser.shown("#max_tokens").sendKeys("5");
      browser.shown("#seed").sendKeys("7");
      browser.press(Keys.ESCAPE);
      browser.send("Hello");
      browser.waitForText("#question", "needs an API key");
      browser.press("wrong", Keys.ENTER);
      browser.waitForText("#question", "This API key is not known here.");
      browser.press("open-sesame", Keys.ENTER);
      browser.waitFor(w -> browser.isIdle() && !browser.answer().isEmpty());
      browser.driver.navigate().refresh();
      browser.waitFor(w -> browser.answers() == 1);
      browser.chat("Again");
      assertFalse(browser.isShown("#question"));
      browser.script("sessionStorage.clear()");
      browser.send("Locked");
      browser.waitForText("#question", "needs an API key");
      browser.button("Cancel").click();
      browser.waitForText(".error", "This server needs an API key");
    }
  }

  @Test
  void aModelWithoutATemplateContinuesTexts() throws Exception {
    Path file = Path.of(System.getProperty("bitnet.models"), "tiny-bitnet-stories-i2_s.gguf");
    try (LanguageModel model = LanguageModel.load(file);
        ModelServer server = ModelServer.start(model, ServedModel.options())) {
      browser.open(server.port());
      browser.button("Settings").click();
      browser.shown("#max_tokens").sendKeys("6");
      browser.shown("#seed").sendKeys("7");
      browser.press(Keys.ESCAPE);
      browser.send("Once upon a time");
      browser.waitForText(".error", "This model has no chat template");
      browser.button("Continue it as a text instead").click();
      browser.waitFor(d -> browser.isIdle() && !browser.answer().isEmpty());
      browser.shown("#input[aria-label='Text to continue']").sendKeys(Keys.ENTER);
      browser.waitFor(d -> browser.answers() == 2 && browser.isIdle());
      assertFalse(browser.isShown(".error"));
      browser.button("New chat").click();
      browser.chat("One day"); // as a text again
      assertFalse(browser.isShown(".error"));
    }
  }
}
