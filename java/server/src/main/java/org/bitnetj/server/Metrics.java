package org.bitnetj.server;

import java.util.Locale;
import java.util.concurrent.atomic.LongAdder;
import org.bitnetj.generate.GenerationStats;
import org.bitnetj.generate.ModelStatus;

/**
 * What the server has done, in Prometheus' text format, under names of its own and under those of
 * llama.cpp's and vLLM's servers, so that dashboards and autoscalers made for these work.
 * Thread-safe.
 */
final class Metrics {
  private final LongAdder promptTokens = new LongAdder();
  private final LongAdder cachedTokens = new LongAdder();
  private final LongAdder generatedTokens = new LongAdder();
  private final LongAdder promptNanos = new LongAdder();
  private final LongAdder decodeNanos = new LongAdder();
  private final LongAdder texts = new LongAdder();
  private final LongAdder refused = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final Histogram firstTokens = new Histogram();
  private final Histogram requests = new Histogram();
  private final String label;

  /**
   * @param model its name, by which dashboards for vLLM choose
   */
  Metrics(String model) {
    String escaped = model.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    this.label = "model_name=\"" + escaped + "\"";
  }

  void count(GenerationStats stats) {
    texts.increment();
    promptTokens.add(stats.promptTokens());
    cachedTokens.add(stats.cachedTokens());
    generatedTokens.add(stats.generatedTokens());
    promptNanos.add(stats.prefillNanos());
    decodeNanos.add(stats.decodeNanos());
  }

  /**
   * A request has been answered.
   *
   * @param firstToken nanoseconds from its arrival to its first token
   * @param whole to the last byte of its answer
   */
  void countTimes(long firstToken, long whole) {
    firstTokens.add(firstToken);
    requests.add(whole);
  }

  void countRefused() {
    refused.increment();
  }

  void countFailed() {
    failed.increment();
  }

  /** The page that Prometheus reads. */
  String page(ModelStatus model, int running, int waiting) {
    StringBuilder out = new StringBuilder();
    counter(out, "bitnet:texts_total", "Texts generated", texts.sum());
    counter(out, "bitnet:requests_refused_total", "Requests refused", refused.sum());
    counter(out, "bitnet:requests_failed_total", "Requests that failed", failed.sum());
    counter(out, "bitnet:cached_tokens_total", "Prompt tokens not computed", cachedTokens.sum());
    counter(out, "bitnet:steps_total", "Steps computed", model.steps());
    counter(out, "bitnet:step_rows_total", "Tokens computed in steps", model.rows());
    gauge(out, "bitnet:cache_used_bytes", "Keys and values of texts", model.usedCacheBytes());
    gauge(out, "bitnet:cache_kept_bytes", "Those kept for later texts", model.keptCacheBytes());
    gauge(out, "bitnet:cache_bytes", "Most memory of both", model.cacheBytes());
    double seconds = promptNanos.sum() / 1e9;
    double decode = decodeNanos.sum() / 1e9;
    long computed = promptTokens.sum() - cachedTokens.sum();
    counter(out, "llamacpp:prompt_tokens_total", "Prompt tokens computed", computed);
    counter(out, "llamacpp:prompt_seconds_total", "Seconds for prompts", seconds);
    counter(out, "llamacpp:tokens_predicted_total", "Tokens generated", generatedTokens.sum());
    counter(out, "llamacpp:tokens_predicted_seconds_total", "Seconds for them", decode);
    gauge(
        out,
        "llamacpp:prompt_tokens_seconds",
        "Prompt tokens a second",
        perSecond(computed, seconds));
    gauge(
        out,
        "llamacpp:predicted_tokens_seconds",
        "Tokens generated a second",
        perSecond(generatedTokens.sum(), decode));
    gauge(out, "llamacpp:requests_processing", "Texts being generated", running);
    gauge(out, "llamacpp:requests_deferred", "Requests that wait", waiting);
    gauge(out, "vllm:num_requests_running", "Texts being generated", running);
    gauge(out, "vllm:num_requests_waiting", "Requests that wait", waiting);
    double usage = (double) model.usedCacheBytes() / Math.max(1, model.cacheBytes());
    gauge(out, "vllm:kv_cache_usage_perc", "Share of the cache in use, 1 for all", usage);
    counter(out, "vllm:prompt_tokens_total", "Prompt tokens", promptTokens.sum());
    counter(out, "vllm:generation_tokens_total", "Tokens generated", generatedTokens.sum());
    firstTokens.write(
        out, "vllm:time_to_first_token_seconds", "From a request to its first token", label);
    requests.write(
        out, "vllm:e2e_request_latency_seconds", "From a request to the end of its answer", label);
    return out.toString();
  }

  private static double perSecond(long count, double seconds) {
    return seconds > 0 ? count / seconds : 0;
  }

  private void counter(StringBuilder out, String name, String help, double value) {
    metric(out, name, help, "counter", value);
  }

  private void gauge(StringBuilder out, String name, String help, double value) {
    metric(out, name, help, "gauge", value);
  }

  private void metric(StringBuilder out, String name, String help, String type, double value) {
    String number =
        value == Math.rint(value)
            ? Long.toString((long) value)
            : String.format(Locale.ROOT, "%.6f", value);
    out.append("# HELP ").append(name).append(' ').append(help).append('\n');
    out.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    out.append(name);
    if (name.startsWith("vllm:")) { // its metrics have the label, llama.cpp's have none
      out.append('{').append(label).append('}');
    }
    out.append(' ').append(number).append('\n');
  }
}
