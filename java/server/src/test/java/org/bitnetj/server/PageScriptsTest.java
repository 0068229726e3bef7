package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** The tests of the page's scripts, which are scripts too. */
class PageScriptsTest extends InBrowser {
  @Test
  @SuppressWarnings("unchecked")
  void markdownBranchesAndEventStreams() {
    browser.driver.get("http://127.0.0.1:" + scripted.port() + "/test/empty.html");
    browser.driver.manage().timeouts().scriptTimeout(Duration.ofMinutes(2));
    Map<String, String> errors =
        new HashMap<>(
            (Map<String, String>)
                browser.script(
                    """
                    return import("/test/markdown.test.js")
                        .then(() => import("/test/chat.test.js"))
                        .then(() => import("/test/testing.js"))
                        .then(({ run }) => run());
                    """));
    assertTrue(errors.size() > 30, "only " + errors.size() + " tests");
    errors.values().removeIf(Objects::isNull);
    assertEquals(Map.of(), errors);
  }
}
