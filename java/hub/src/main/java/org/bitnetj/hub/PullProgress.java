package org.bitnetj.hub;

/** Hears how far a pull is. Called from the thread that pulls, many times a second. */
@FunctionalInterface
public interface PullProgress {
  /** Hears nothing. */
  PullProgress NONE = (file, done, total) -> {};

  /**
   * Some bytes have come.
   *
   * @param file the file that is being fetched
   * @param done bytes of all files of this step that are on disk, those of an earlier pull included
   * @param total bytes of all files of this step
   */
  void update(String file, long done, long total);

  /** There are bytes to fetch: comes before the first update of a step that has any. */
  default void begin() {}

  /**
   * A sentence on what delays the pull: a cut that is tried again, another pull of the file.
   *
   * @param sentence with its full stop
   */
  default void note(String sentence) {}
}
