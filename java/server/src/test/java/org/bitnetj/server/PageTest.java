package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.bitnetj.generate.LanguageModel;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;

/** What a person sees and does on the chat page, in a browser. */
class PageTest {
  private static final String CODE =
      "## A loop\n\nSome `code`:\n\n```java\nfor (int i = 0; i < 10; i++) { System.out.println(\""
          + "long ".repeat(60)
          + "\"); }\n```\n\n| a | b |\n|---|--:|\n| "
          + "cell ".repeat(50)
          + " | 2 |\n\n1. one\n2. two\n\n> quoted\n";

  @TempDir private static Path downloads;
  private static Browser browser;
  private ScriptedServer scripted;

  @BeforeAll
  static void startBrowser() {
    browser = Browser.start(downloads);
  }

  @AfterAll
  static void closeBrowser() {
    if (browser != null) {
      browser.close();
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

  private static List<String> texts(String selector) {
    return browser.all(selector).stream().map(WebElement::getText).toList();
  }

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
    assertEquals(List.of("Hello you"), texts("article.user .body"));
    browser.button("Previous version").click();
    assertEquals(List.of("Hello"), texts("article.user .body"));
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
    assertEquals(List.of("Hello", "On this branch"), texts("article.user .body"));
    assertEquals(List.of("1/2", "1/2"), branches());
  }

  private static List<String> branches() {
    return texts(".branch span").stream().filter(text -> !text.isEmpty()).toList();
  }

  @Test
  void chatsAreKeptRenamedExportedAndDeleted() throws Exception {
    scripted.answers("About cats.").answers("About dogs.");
    browser.open(scripted.port());
    browser.chat("Cats");
    browser.button("New chat").click();
    assertEquals(0, browser.answers());
    browser.chat("Dogs");
    browser.waitFor(d -> texts("#chats .chat").equals(List.of("Dogs", "Cats")));
    browser.driver.navigate().refresh();
    browser.waitForText("article.assistant .body", "About dogs.");
    browser.button("Cats").click();
    browser.waitForText("article.assistant .body", "About cats.");
    WebElement title = browser.shown("#title");
    title.clear();
    title.sendKeys("Felines" + Keys.TAB);
    browser.waitFor(d -> texts("#chats .chat").contains("Felines"));
    browser.button("Export “Felines” as JSON").click();
    Path file = browser.waitFor(d -> downloaded());
    JsonNode exported = ServedModel.JSON.readTree(file.toFile());
    assertEquals("Felines", exported.get("title").textValue());
    assertEquals("About cats.", exported.at("/messages/1/text").textValue());
    browser.button("Delete “Felines”").click();
    browser.button("Delete").click();
    browser.waitFor(d -> texts("#chats .chat").equals(List.of("Dogs")));
    assertEquals(0, browser.answers());
    browser.driver.navigate().back();
    browser.driver.navigate().refresh();
    browser.waitFor(d -> texts("#chats .chat").equals(List.of("Dogs")));
  }

  private static Path downloaded() {
    try (Stream<Path> files = Files.list(downloads)) {
      return files.filter(f -> f.toString().endsWith(".json")).findFirst().orElse(null);
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void noWindowIsTooNarrow() throws Exception {
    scripted.answers(CODE);
    browser.open(scripted.port());
    browser.chat("x".repeat(300) + " https://example.org/" + "y".repeat(300));
    for (int width : new int[] {1400, 800, 480, 320}) {
      browser.width(width);
      browser.waitFor(d -> browser.script("return innerWidth").equals((long) width));
      assertFits(width);
    }
    assertFalse(browser.isShown("#sidebar"));
    browser.button("List of chats").click();
    assertTrue(browser.isShown("#sidebar"));
    assertFits(320);
    browser.press(Keys.TAB);
    browser.button("New chat").sendKeys(Keys.ESCAPE);
    assertFalse(browser.isShown("#sidebar"));
    browser.button("Settings").click();
    assertFits(320);
    assertTrue(browser.shown("#settings-dialog").getRect().width <= 320);
    browser.press(Keys.ESCAPE);
  }

  /** Nothing scrolls sideways but code and tables, and no control is outside the window. */
  private static void assertFits(int width) {
    assertEquals(
        List.of(),
        browser.script(
            """
            return [...document.querySelectorAll("*")]
                .filter((e) => e.checkVisibility() && !e.closest("pre, .table, .unseen, select"))
                .filter((e) => e.getBoundingClientRect().right > innerWidth + 0.5
                    || e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX === "auto")
                .map((e) => e.outerHTML.slice(0, 100));
            """),
        "at " + width);
    assertEquals(
        true, browser.script("return document.scrollingElement.scrollWidth <= innerWidth"));
  }

  @Test
  void coloursFollowTheSystemOrTheSwitch() {
    browser.open(scripted.port());
    browser.prefer("prefers-color-scheme", "light");
    int light = brightness();
    browser.prefer("prefers-color-scheme", "dark");
    int dark = brightness();
    assertTrue(light > 200 && dark < 60, light + " " + dark);
    browser.button("Colours: as the system").click();
    assertEquals(light, brightness());
    browser.driver.navigate().refresh();
    assertEquals(light, brightness());
    browser.prefer("prefers-color-scheme", "light");
    browser.button("Colours: light").click();
    assertEquals(dark, brightness());
    browser.button("Colours: dark").click();
    assertEquals(light, brightness());
  }

  /** Of the background, 0 to 255. */
  private static int brightness() {
    String colour =
        (String) browser.script("return getComputedStyle(document.body).backgroundColor");
    return Integer.parseInt(colour.replaceAll("^rgb\\((\\d+),.*", "$1"));
  }

  @Test
  void everythingIsDoneByKeys() throws Exception {
    scripted.answers("One.").answers("Two ", ScriptedServer.HOLD).answers("Three.");
    browser.open(scripted.port());
    browser.shown("#input");
    browser.press("a", Keys.chord(Keys.SHIFT, Keys.ENTER), "b", Keys.ENTER);
    browser.waitForText("article.assistant .body", "One.");
    assertEquals("a\nb", scripted.request().at("/messages/0/content").textValue());
    browser.waitUntilIdle();
    browser.press(Keys.ARROW_UP);
    browser.shown("article.user textarea");
    browser.press(Keys.ESCAPE);
    assertFalse(browser.isShown("article.user textarea"));
    browser.shown("#input").click();
    browser.press(Keys.ARROW_UP);
    browser.press("c", Keys.ENTER);
    browser.waitForText("article.assistant .body", "Two");
    assertEquals("a\nbc", scripted.request().at("/messages/0/content").textValue());
    browser.press(Keys.ESCAPE);
    browser.waitForText("article.assistant .speed", "Stopped.");
    Set<String> reached = Set.copyOf(namesByTab());
    for (String name :
        List.of(
            "New chat",
            "List of chats",
            "Title of this chat",
            "Settings",
            "Colours: as the system",
            "Copy this text",
            "Edit this message",
            "Answer again",
            "Previous version",
            "Message",
            "Send",
            "Delete “a”")) {
      assertTrue(reached.contains(name), name + " is not among " + reached);
    }
    browser.press(Keys.chord(Keys.CONTROL, Keys.SHIFT, "o"));
    browser.waitFor(d -> browser.answers() == 0);
    browser.press("new", Keys.ENTER);
    browser.waitForText("article.assistant .body", "Three.");
  }

  /** What the tab key goes through. */
  private static List<String> namesByTab() {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      browser.press(Keys.TAB);
      WebElement focused = browser.driver.switchTo().activeElement();
      if (!focused.getTagName().equals("body")) {
        names.add(focused.getAccessibleName());
        assertNotEquals(
            "none", focused.getCssValue("outline-style") + outer(focused), names.getLast());
      }
    }
    return names;
  }

  /** The composer shows its focus by the frame around it. */
  private static String outer(WebElement focused) {
    return "input".equals(focused.getDomAttribute("id")) ? " in a frame" : "";
  }

  @Test
  void everyControlHasANameAndTheSettingsReachTheServer() throws Exception {
    scripted.answers(CODE).answers("Yes.");
    browser.open(scripted.port());
    browser.chat("Code?");
    assertEquals(List.of(), nameless("body"));
    browser.button("Settings").click();
    browser.shown("#system").sendKeys("Be brief.");
    browser.shown("#temperature").sendKeys("0.5");
    browser.shown("#top_p").sendKeys("0.9");
    browser.shown("#top_k").sendKeys("0");
    browser.shown("#min_p").sendKeys("7"); // not a value that it can have
    browser.shown("#thinking").sendKeys("Off");
    assertEquals(List.of(), nameless("#settings-dialog"));
    browser.button("Close settings").click();
    browser.chat("And now?");
    scripted.request();
    JsonNode request = scripted.request();
    assertEquals(
        ServedModel.JSON.readTree(
            """
            {"messages": [{"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Code?"}, {"role": "assistant"},
                {"role": "user", "content": "And now?"}],
             "stream": true, "temperature": 0.5, "top_p": 0.9, "top_k": 0,
             "chat_template_kwargs": {"enable_thinking": false}}\
            """),
        withoutAnswer(request));
    browser.driver.navigate().refresh();
    browser.button("Settings").click();
    assertEquals("Be brief.", browser.shown("#system").getDomProperty("value"));
    browser.press(Keys.ESCAPE);
  }

  /** The controls that a screen reader has no name for. */
  private static List<String> nameless(String inside) {
    return browser.all(inside + " :is(button, input, select, textarea, a)").stream()
        .filter(WebElement::isDisplayed)
        .filter(e -> e.getAccessibleName().isBlank())
        .map(e -> e.getDomProperty("outerHTML"))
        .toList();
  }

  private static JsonNode withoutAnswer(JsonNode request) {
    JsonNode answer = request.at("/messages/2");
    assertEquals(CODE, answer.get("content").textValue());
    ((com.fasterxml.jackson.databind.node.ObjectNode) answer).remove("content");
    return request;
  }

  @Test
  void codeIsCopiedAndThinkingIsFolded() throws Exception {
    scripted.answers(
        ScriptedServer.THINK + "Let me ", ScriptedServer.THINK + "see.", "```sh\nls -l\n", "```\n");
    browser.open(scripted.port());
    browser.chat("How?");
    assertEquals(List.of("sh"), texts("figcaption span"));
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
      browser.press(Keys.ESCAPE);
      browser.chat("Hello");
      String first = browser.answer();
      served.server.close();
      browser.send("Are you there?");
      browser.waitForText(".error", "The server cannot be reached.");
      browser.waitForText("#connection", "waits for it");
      assertEquals(first, texts("article.assistant .body").getFirst());
      ServerOptions options = ServedModel.options();
      try (ModelServer again = ModelServer.start(served.model, at(port, options))) {
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

  private static ServerOptions at(int port, ServerOptions d) {
    return new ServerOptions(
        d.host(),
        port,
        d.modelName(),
        d.parallel(),
        d.queue(),
        d.requestTime(),
        d.mostBodyBytes(),
        d.apiKeys(),
        d.origins(),
        d.drainTime(),
        d.log());
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

  @Test
  void aKeyIsAskedForAndKeptInTheTab() throws Exception {
    ServerOptions d = ServedModel.options();
    ServerOptions locked =
        new ServerOptions(
            d.host(),
            0,
            d.modelName(),
            d.parallel(),
            d.queue(),
            d.requestTime(),
            d.mostBodyBytes(),
            Set.of("open sesame"),
            d.origins(),
            d.drainTime(),
            d.log());
    try (ServedModel served = new ServedModel(locked)) {
      browser.open(served.server.port());
      browser.button("Settings").click();
      browser.shown("#max_tokens").sendKeys("5");
      browser.press(Keys.ESCAPE);
      browser.send("Hello");
      browser.waitForText("#question", "needs an API key");
      browser.press("wrong", Keys.ENTER);
      browser.waitForText("#question", "This API key is not known here.");
      browser.press("open sesame", Keys.ENTER);
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
