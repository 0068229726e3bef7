package org.bitnetj.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GuardedHandlerTest {
  private final Logger logger = Logger.getLogger(GuardedHandler.class.getName());
  private final List<LogRecord> logged = new ArrayList<>();
  private final List<String> called = new ArrayList<>();

  private final Handler log =
      new Handler() {
        @Override
        public void publish(LogRecord line) {
          logged.add(line);
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    logger.setUseParentHandlers(false);
    logger.addHandler(log);
  }

  @AfterEach
  void leave() {
    logger.removeHandler(log);
    logger.setUseParentHandlers(true);
  }

  /** A handler whose methods throw, after {@code onError} did something. */
  private StreamingChatResponseHandler failing(Runnable onError) {
    return new StreamingChatResponseHandler() {
      @Override
      public void onPartialResponse(String piece) {
        called.add("onPartialResponse");
        throw new IllegalStateException(piece);
      }

      @Override
      public void onCompleteResponse(ChatResponse response) {
        called.add("onCompleteResponse");
      }

      @Override
      public void onError(Throwable error) {
        called.add("onError: " + error.getMessage());
        onError.run();
        throw new IllegalStateException("of onError", error);
      }
    };
  }

  @Test
  void whatAHandlerThrowsGoesToItsOnErrorAndWhatThatThrowsIsLogged() {
    GuardedHandler guarded = new GuardedHandler(failing(() -> {}));
    guarded.tell(to -> to.onPartialResponse("once"));
    assertEquals(List.of("onPartialResponse", "onError: once"), called);
    assertEquals(1, logged.size());
    assertEquals("of onError", logged.getFirst().getThrown().getMessage());
  }

  @Test
  void afterACancelNothingIsCalledOrLogged() {
    GuardedHandler[] guarded = new GuardedHandler[1];
    guarded[0] = new GuardedHandler(failing(() -> guarded[0].cancel()));
    guarded[0].tell(to -> to.onPartialResponse("once"));
    guarded[0].tell(to -> to.onPartialResponse("upon"));
    guarded[0].fail(new IllegalStateException("a time"));
    assertEquals(List.of("onPartialResponse", "onError: once"), called);
    assertEquals(List.of(), logged);
  }
}
