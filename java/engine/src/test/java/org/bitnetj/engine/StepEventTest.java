package org.bitnetj.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.bitnetj.model.screening.LogitsNeed;
import org.bitnetj.testing.Golden;
import org.junit.jupiter.api.Test;

class StepEventTest extends GatedEngine {
  @Test
  void aFlightRecordingHasEveryStep() throws Exception {
    Path file = folder.resolve("steps.jfr");
    try (Gate gate = new Gate(Golden.MODEL, 8);
        SequenceState sequence = gate.engine.open(F16, 16);
        Recording recording = new Recording()) {
      recording.enable("org.bitnetj.Step").withoutThreshold();
      recording.start();
      int[] ids = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
      sequence.compute(ids, 0, 10, 9, LogitsNeed.best(1));
      sequence.compute(new int[] {11, 12}, 0, 2, 0, LogitsNeed.all());
      recording.stop();
      recording.dump(file);
    }
    List<RecordedEvent> steps = RecordingFile.readAllEvents(file);
    assertEquals(List.of(8, 2, 0), steps.stream().map(e -> e.getInt("promptRows")).toList());
    assertEquals(List.of(0, 0, 2), steps.stream().map(e -> e.getInt("tokenRows")).toList());
    for (RecordedEvent step : steps) {
      assertEquals("org.bitnetj.Step", step.getEventType().getName());
      assertEquals(1, step.getInt("sequences"));
      assertEquals(0, step.getInt("waiting"));
      assertTrue(step.getDuration().isPositive());
    }
  }
}
