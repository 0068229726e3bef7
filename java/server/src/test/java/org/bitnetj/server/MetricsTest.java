package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class MetricsTest {
  @Test
  void timesAreInAllBucketsThatHoldThem() {
    Histogram times = new Histogram();
    for (long nanos : new long[] {5_000_000, 5_000_001, 300_000_000, 3_000_000_000_000L}) {
      times.add(nanos);
    }
    StringBuilder out = new StringBuilder();
    times.write(out, "t", "Times", "m=\"x\"");
    List<String> lines = out.toString().lines().toList();
    assertEquals("# TYPE t histogram", lines.get(1));
    assertTrue(
        lines.containsAll(
            List.of(
                "t_bucket{m=\"x\",le=\"0.001\"} 0",
                "t_bucket{m=\"x\",le=\"0.005\"} 1",
                "t_bucket{m=\"x\",le=\"0.01\"} 2",
                "t_bucket{m=\"x\",le=\"0.25\"} 2",
                "t_bucket{m=\"x\",le=\"0.5\"} 3",
                "t_bucket{m=\"x\",le=\"2560.0\"} 3",
                "t_bucket{m=\"x\",le=\"+Inf\"} 4",
                "t_sum{m=\"x\"} 3000.310000001",
                "t_count{m=\"x\"} 4")),
        lines::toString);
  }

  /** As Prometheus' text format has them. */
  @Test
  void everyLineIsOfTheFormatAndARequestIsCounted() throws Exception {
    Pattern sample =
        Pattern.compile(
            "[a-zA-Z_:][a-zA-Z0-9_:]*(\\{[a-z_]+=\"[^\"]*\"(,le=\"[0-9.+Inf]+\")?})? [0-9.E-]+");
    try (ServedModel served = new ServedModel(ServedModel.options())) {
      served.ask("/v1/completions", "{\"prompt\": \"One\", \"max_tokens\": 3}");
      served.post("/v1/completions", "{}");
      String name = "vllm:time_to_first_token_seconds_count{";
      for (String line = ""; !line.endsWith("} 1"); ) { // it is counted when it has been sent
        List<String> lines = served.get("/metrics").body().lines().toList();
        for (String each : lines) {
          assertTrue(each.startsWith("# ") || sample.matcher(each).matches(), each);
        }
        line = lines.stream().filter(each -> each.startsWith(name)).findFirst().orElseThrow();
      }
    }
  }

  @Test
  void aNameWithQuotesIsEscaped() throws Exception {
    try (ServedModel served = new ServedModel(ServedModel.options().withModelName("a\"b\\c"))) {
      String page = served.get("/metrics").body();
      assertTrue(page.contains("{model_name=\"a\\\"b\\\\c\"} "), page);
    }
  }
}
