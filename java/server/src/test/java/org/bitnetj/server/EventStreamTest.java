package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EventStreamTest {
  private static final ApiException LATE =
      new ApiException(ApiException.Kind.TIMED_OUT, "It took too long.");

  private final List<String> written = new ArrayList<>();

  private EventStream stream(Dialect dialect) {
    return new EventStream(RecordedResponse.collecting(written::add), dialect);
  }

  @Test
  void eventsAreWrittenOneByOne() {
    try (EventStream events = stream(Dialect.OPENAI)) {
      assertFalse(events.isOpen());
      events.data(Door.parse("{\"a\": \"b\\nc\"}"));
      assertTrue(events.isOpen());
      events.event("ping", Door.parse("{}"));
      events.comment("prompt 1/2");
      events.done();
    }
    assertEquals(
        List.of(
            "data: {\"a\":\"b\\nc\"}\n\n",
            "event: ping\ndata: {}\n\n",
            ": prompt 1/2\n\n",
            "data: [DONE]\n\n"),
        written);
  }

  @Test
  void aFailureIsToldInTheFormOfTheApi() {
    try (EventStream events = stream(Dialect.OPENAI)) {
      events.fail(LATE);
    }
    try (EventStream events = stream(Dialect.ANTHROPIC)) {
      events.fail(LATE);
    }
    try (EventStream events = stream(Dialect.OPENAI)) {
      events.onFailure(e -> events.comment(e.sentence()));
      events.fail(LATE);
    }
    assertEquals(
        List.of(
            "data: " + Dialect.OPENAI.error(LATE) + "\n\n",
            "event: error\ndata: " + Dialect.ANTHROPIC.error(LATE) + "\n\n",
            ": It took too long.\n\n"),
        written);
  }

  @Test
  void aClientThatHasGoneIsNoticed() {
    EventStream events =
        new EventStream(
            RecordedResponse.to(
                text -> {
                  throw new IOException("reset by peer");
                }),
            Dialect.OPENAI);
    try (events) {
      assertThrows(EventStream.Gone.class, () -> events.comment("here?"));
      assertTrue(events.isOpen(), "another status is too late");
    }
  }
}
