package org.bitnetj.source;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.bitnetj.error.ModelFileException;
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

  /**
   * Maps files. A thread interrupted before they are mapped gets a {@link ModelFileException} that
   * says so and stays interrupted.
   *
   * @throws ModelFileException if one is missing, not a regular file or cannot be read
   */
  public static ModelBytes map(List<Path> paths) throws ModelFileException {
    return of(paths, FileBytes::map);
  }

  /**
   * Reads files into memory.
   *
   * @param room bytes of memory that the machine has; empty if not known
   * @throws ModelFileException as {@link #map}; also if they are larger than that or became shorter
   *     while they were read
   * @throws OutOfMemoryError if the system refuses the memory
   */
  public static ModelBytes read(List<Path> paths, OptionalLong room) throws ModelFileException {
    long[] size = {0};
    return of(
        paths,
        path -> {
          size[0] += Files.size(path);
          if (room.isPresent() && size[0] > room.getAsLong()) {
            throw new ModelFileException(
                path
                    + ": reading it takes "
                    + (size[0] >> 20)
                    + " MiB of memory, but there are only "
                    + (room.getAsLong() >> 20)
                    + " MiB, swap included; map the file instead (the default), use a smaller"
                    + " model or give the machine more memory.");
          }
          return FileBytes.read(path);
        });
  }

  /** Gets a file's bytes. */
  private interface Source {
    FileBytes of(Path path) throws IOException;
  }

  private static ModelBytes of(List<Path> paths, Source source) throws ModelFileException {
    List<FileBytes> files = new ArrayList<>(paths.size());
    try {
      for (Path path : paths) {
        files.add(of(path, source));
      }
    } catch (Throwable e) {
      files.forEach(FileBytes::close);
      throw e;
    }
    return new ModelBytes(files);
  }

  private static FileBytes of(Path path, Source source) throws ModelFileException {
    try {
      BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
      if (attributes.isDirectory()) {
        throw new ModelFileException(path + " is a directory; name a model file in it.");
      }
      if (!attributes.isRegularFile()) {
        throw new ModelFileException(path + " is not a regular file, so it cannot be mapped.");
      }
      return source.of(path);
    } catch (ModelFileException e) {
      throw e;
    } catch (NoSuchFileException e) {
      throw new ModelFileException(path + ": there is no such file.", e);
    } catch (AccessDeniedException e) {
      throw new ModelFileException(path + ": you may not read this file.", e);
    } catch (ClosedByInterruptException e) {
      throw new ModelFileException(path + ": reading was interrupted; open the file again.", e);
    } catch (IOException e) {
      throw new ModelFileException(path + ": cannot be read: " + e.getMessage() + ".", e);
    }
  }

  /** Bytes of all files. */
  public long size() {
    return files.stream().mapToLong(file -> file.segment().byteSize()).sum();
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

  /** Whether a part is a slice of one of the files; so none is once they are closed. */
  public boolean holds(MemorySegment part) {
    return files.stream().anyMatch(file -> file.holds(part));
  }

  /** Gives this claim up. Idempotent. */
  @Override
  public void close() {
    files.forEach(FileBytes::close);
  }
}
