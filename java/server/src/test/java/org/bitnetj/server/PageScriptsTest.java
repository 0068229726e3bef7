package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** The tests of the page's scripts, which are scripts too, in a browser. */
class PageScriptsTest {
  @TestFactory
  @SuppressWarnings("unchecked")
  Stream<DynamicTest> scripts(@TempDir Path downloads) throws Exception {
    try (Browser browser = Browser.start(downloads);
        ScriptedServer server = new ScriptedServer()) {
      browser.driver.get("http://127.0.0.1:" + server.port() + "/test/empty.html");
      browser.driver.manage().timeouts().scriptTimeout(Duration.ofMinutes(2));
      Map<String, String> results =
          (Map<String, String>)
              browser.script(
                  """
                  return import("/test/markdown.test.js")
                      .then(() => import("/test/chat.test.js"))
                      .then(() => import("/test/testing.js"))
                      .then(({ run }) => run());
                  """);
      assertTrue(results.size() > 30, "only " + results.size() + " tests");
      return results.entrySet().stream()
          .map(test -> DynamicTest.dynamicTest(test.getKey(), () -> assertNull(test.getValue())));
    }
  }
}
