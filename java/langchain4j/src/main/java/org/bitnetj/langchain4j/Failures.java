package org.bitnetj.langchain4j;

import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.RateLimitException;
import java.util.concurrent.CancellationException;
import org.bitnetj.error.ChatTemplateException;
import org.bitnetj.error.ContextOverflowException;
import org.bitnetj.error.GrammarException;
import org.bitnetj.error.KvCacheFullException;

/** The engine's exceptions as those that LangChain4j's users know. */
final class Failures {
  private Failures() {}

  static RuntimeException of(RuntimeException e) {
    return switch (e) {
      case ChatTemplateException _ when Thread.currentThread().isInterrupted() -> cancelled();
      case ContextOverflowException _, ChatTemplateException _, GrammarException _ ->
          new InvalidRequestException(e);
      case KvCacheFullException _ -> new RateLimitException(e);
      default -> e;
    };
  }

  static CancellationException cancelled() {
    return new CancellationException("The thread was interrupted before the answer ended.");
  }
}
