package org.bitnetj.source;

import java.nio.file.Path;
import java.util.Collection;
import java.util.Optional;
import org.bitnetj.memory.FileBytes;

/**
 * An open model file: metadata and a checked directory of tensors. Every size and offset was
 * checked when it was opened, so each tensor's view lies inside the file. Immutable and safe to
 * share. Views are valid until the file and all who share its {@link #bytes} are closed; then they
 * throw {@link IllegalStateException}.
 */
public interface ModelFile extends AutoCloseable {
  Path path();

  /** Size in bytes. */
  long size();

  /** All its bytes; share them to keep them longer than this file is open. */
  FileBytes bytes();

  Metadata metadata();

  /** All tensors in file order. */
  Collection<Tensor> tensors();

  Optional<Tensor> find(String name);

  /** The tensor of that name, or an error that names the file and the tensor. */
  default Tensor tensor(String name) throws ModelFileException {
    return find(name)
        .orElseThrow(
            () ->
                new ModelFileException(
                    path()
                        + ": tensor '"
                        + name
                        + "' is missing; the file is incomplete or of"
                        + " another architecture."));
  }

  @Override
  void close();
}
