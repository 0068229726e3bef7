package org.bitnetj.source;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.bitnetj.memory.FileBytes;

/**
 * A claim on the bytes of a model's files, of which there may be several. Thread-safe.
 *
 * @param files at least one
 */
public record ModelBytes(List<FileBytes> files) implements AutoCloseable {
  public ModelBytes {
    files = List.copyOf(files);
  }

  /** Whether all are the files' own, so that their memory can be reclaimed at any time. */
  public boolean mapped() {
    return files.stream().allMatch(FileBytes::mapped);
  }

  /**
   * Another claim on the same bytes: {@link FileBytes#share}.
   *
   * @throws IllegalStateException if this claim is closed, or the files were read and are shared
   *     already
   */
  public ModelBytes share() {
    List<FileBytes> shared = new ArrayList<>(files.size());
    try {
      for (FileBytes file : files) {
        shared.add(file.share());
      }
    } catch (RuntimeException e) {
      shared.forEach(FileBytes::close);
      throw e;
    }
    return new ModelBytes(shared);
  }

  /**
   * Says that a part of the bytes is not needed for now: {@link FileBytes#release}.
   *
   * @param part a slice of one of the files
   */
  public void release(MemorySegment part) {
    for (FileBytes file : files) {
      if (file.holds(part)) {
        file.release(part);
      }
    }
  }

  /** Gives this claim up. Idempotent. */
  @Override
  public void close() {
    files.forEach(FileBytes::close);
  }
}
