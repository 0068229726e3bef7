package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.openqa.selenium.By;
import org.openqa.selenium.JavascriptExecutor;
import org.openqa.selenium.Keys;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebDriver;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/**
 * A headless Chromium that reaches this machine alone, and what tests do with the chat page in it.
 */
final class Browser implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private static final String PAGE_TEXT = "return document.body.innerText";

  // Scripts look at all elements at once: asking for one after the other takes far longer.
  private static final String FIRST_SHOWN =
      "return [...document.querySelectorAll(arguments[0])].find((e) => e.checkVisibility())";
  private static final String HAS_TEXT =
      "return [...document.querySelectorAll(arguments[0])]"
          + ".some((e) => e.checkVisibility() && e.innerText.includes(arguments[1]))";
  private static final String LAST_BUTTON =
      "return [...document.querySelectorAll('button')].findLast((e) => e.checkVisibility()"
          + " && (e.getAttribute('aria-label') ?? e.textContent.trim()) === arguments[0])";

  final ChromeDriver driver;

  private Browser(ChromeDriver driver) {
    this.driver = driver;
  }

  /** Skips the tests where there is no Chromium or no driver for it. */
  static Browser start(Path downloads) {
    Optional<Path> chromium =
        Stream.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
            .flatMap(name -> onPath(name).stream())
            .findFirst();
    Optional<Path> chromedriver = onPath("chromedriver");
    Assumptions.assumeTrue(
        chromium.isPresent() && chromedriver.isPresent(),
        "SKIPPED: the chat page is not tested, for want of Chromium and its driver"
            + " (Debian: apt-get install chromium chromium-driver).");
    ChromeOptions options = new ChromeOptions();
    options.setBinary(chromium.orElseThrow().toFile());
    options.addArguments(
        "--headless=new",
        "--no-sandbox", // it does not start for root otherwise, as whom tests run in containers
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        "--window-size=1200,800",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1");
    options.setExperimentalOption(
        "prefs", Map.of("download.default_directory", downloads.toAbsolutePath().toString()));
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.SEVERE);
    options.setCapability("goog:loggingPrefs", logs);
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(chromedriver.orElseThrow().toFile())
            .build();
    return new Browser(new ChromeDriver(service, options));
  }

  private static Optional<Path> onPath(String name) {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .map(folder -> Path.of(folder, name))
        .filter(Files::isExecutable)
        .findFirst();
  }

  void open(int port) {
    driver.get("http://127.0.0.1:" + port + "/");
  }

  /** The first value that is neither null nor false. */
  <T> T waitFor(Function<WebDriver, T> condition) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        T value = condition.apply(driver);
        if (value != null && !Boolean.FALSE.equals(value)) {
          return value;
        }
      } catch (StaleElementReferenceException e) {
        // The page has changed meanwhile: look again.
      }
      if (System.nanoTime() > end) {
        throw new AssertionError("not within " + PATIENCE + "; the page:\n" + script(PAGE_TEXT));
      }
      LockSupport.parkNanos(20_000_000);
    }
  }

  /** The first element by a CSS selector, as soon as it is shown. */
  WebElement shown(String selector) {
    return waitFor(d -> (WebElement) script(FIRST_SHOWN, selector));
  }

  List<WebElement> all(String selector) {
    return driver.findElements(By.cssSelector(selector));
  }

  /** The texts of elements as they are shown. */
  List<String> texts(String selector) {
    return all(selector).stream().map(WebElement::getText).toList();
  }

  boolean isShown(String selector) {
    return script(FIRST_SHOWN, selector) != null;
  }

  void waitForText(String selector, String text) {
    waitFor(d -> script(HAS_TEXT, selector, text));
  }

  /** A button by its label, as screen readers tell it; the last of several. */
  WebElement button(String label) {
    WebElement button = waitFor(d -> (WebElement) script(LAST_BUTTON, label));
    assertEquals(label, button.getAccessibleName());
    return button;
  }

  /** Sends keys to what has the focus. */
  void press(CharSequence... keys) {
    driver.switchTo().activeElement().sendKeys(keys);
  }

  /** Types a message into the composer and sends it. */
  void send(String text) {
    shown("#input").sendKeys(text + Keys.ENTER);
  }

  /** Sends a message and waits for the whole answer. */
  void chat(String text) {
    long before = answers();
    send(text);
    waitFor(d -> answers() == before + 1 && isIdle());
  }

  long answers() {
    return all("article.assistant").size();
  }

  boolean isIdle() {
    return all("article[aria-busy=true]").isEmpty() && all("#send[aria-label=Send]").size() == 1;
  }

  void waitUntilIdle() {
    waitFor(d -> isIdle());
  }

  /** The text of the last answer that is shown. */
  String answer() {
    return all("article.assistant .body").getLast().getText();
  }

  Object script(String code, Object... arguments) {
    return ((JavascriptExecutor) driver).executeScript(code, arguments);
  }

  void width(int pixels) {
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", pixels, "height", 700, "deviceScaleFactor", 1, "mobile", false));
  }

  void prefer(String feature, String value) {
    driver.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", feature, "value", value))));
  }

  /** Undoes what {@link #width} and {@link #prefer} did. */
  void reset() {
    driver.executeCdpCommand("Emulation.clearDeviceMetricsOverride", Map.of());
    driver.executeCdpCommand("Emulation.setEmulatedMedia", Map.of("features", List.of()));
  }

  /** Errors of scripts and refusals by the page's policy since the last call; not of requests. */
  List<String> errors() {
    return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
        .map(LogEntry::getMessage)
        .filter(message -> !message.contains("Failed to load resource"))
        .toList();
  }

  @Override
  public void close() {
    driver.quit();
  }
}
