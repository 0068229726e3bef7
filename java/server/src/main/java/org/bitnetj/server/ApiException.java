package org.bitnetj.server;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A request that is not answered, and why; each protocol writes it in its own form. */
final class ApiException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /**
   * What kind of a problem it is, with the names that OpenAI's and Anthropic's APIs have for it.
   */
  enum Kind {
    INVALID(400, "invalid_request_error", "invalid_request_error"),
    UNAUTHENTICATED(401, "invalid_request_error", "authentication_error"),
    FORBIDDEN(403, "invalid_request_error", "permission_error"),
    NOT_FOUND(404, "invalid_request_error", "not_found_error"),
    TOO_LARGE(413, "invalid_request_error", "request_too_large"),
    BUSY(429, "rate_limit_error", "rate_limit_error"),
    BROKEN(500, "server_error", "api_error"),
    STOPPING(503, "server_error", "overloaded_error"),
    TIMED_OUT(504, "server_error", "timeout_error");

    final int status;
    final String openAi;
    final String anthropic;

    Kind(int status, String openAi, String anthropic) {
      this.status = status;
      this.openAi = openAi;
      this.anthropic = anthropic;
    }
  }

  private final Kind kind;
  private final @Nullable String param;
  private final @Nullable String code;
  private final @Nullable Duration retryAfter;

  ApiException(Kind kind, String sentence) {
    this(kind, sentence, null, null, null);
  }

  private ApiException(
      Kind kind,
      String sentence,
      @Nullable String param,
      @Nullable String code,
      @Nullable Duration retryAfter) {
    super(sentence, null, false, false);
    this.kind = kind;
    this.param = param;
    this.code = code;
    this.retryAfter = retryAfter;
  }

  /** A field of the request is wrong. */
  static ApiException field(String name, String sentence) {
    return new ApiException(Kind.INVALID, sentence, name, null, null);
  }

  static ApiException coded(Kind kind, String code, String sentence) {
    return new ApiException(kind, sentence, null, code, null);
  }

  static ApiException busy(String sentence, Duration retryAfter) {
    return new ApiException(Kind.BUSY, sentence, null, "rate_limit_exceeded", retryAfter);
  }

  Kind kind() {
    return kind;
  }

  String sentence() {
    return String.valueOf(getMessage());
  }

  /** The field that is wrong. */
  Optional<String> param() {
    return Optional.ofNullable(param);
  }

  Optional<String> code() {
    return Optional.ofNullable(code);
  }

  Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }
}
