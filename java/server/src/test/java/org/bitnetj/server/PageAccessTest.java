package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;

/** The chat page in narrow windows, in dark and light, by keys and for screen readers. */
class PageAccessTest extends InBrowser {
  private static final String ANSWER =
      "## A loop\n\nSome `code`:\n\n```java\nfor (int i = 0; i < 10; i++) { System.out.println(\""
          + "long ".repeat(60)
          + "\"); }\n```\n\n| a | b |\n|---|--:|\n| "
          + "cell ".repeat(50)
          + " | 2 |\n\n1. one\n2. two\n\n> quoted\n";

  @Test
  void noWindowIsTooNarrow() throws Exception {
    scripted.answers(ANSWER);
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
  void everyControlHasAName() {
    scripted.answers(ANSWER);
    browser.open(scripted.port());
    browser.chat("Code?");
    assertEquals(List.of(), nameless("body"));
    browser.button("Settings").click();
    assertEquals(List.of(), nameless("#settings-dialog"));
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
}
