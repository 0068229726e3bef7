package org.bitnetj.source.gguf;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.format.LookupTable;
import org.bitnetj.format.LookupTiles;
import org.bitnetj.format.WeightFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.option.I2sLayout;
import org.bitnetj.option.LayoutOptions;
import org.jspecify.annotations.Nullable;

/**
 * What types mean whose layout a file does not say, and why: from options, or from a {@code
 * kernel_config.ini} beside the file, which is read if a tensor needs it.
 */
final class StoredLayouts {
  private final Path model;
  private final LayoutOptions options;
  private @Nullable KernelConfig config;
  private final Set<String> readings = new LinkedHashSet<>();

  StoredLayouts(Path model, LayoutOptions options) {
    this.model = model;
    this.options = options;
  }

  /**
   * How a tensor is laid out; of a lookup table that there are no tiles for, its type alone.
   *
   * @throws IllegalArgumentException if it cannot be laid out as was asked for; the message is a
   *     clause that follows the tensor's name
   * @throws ModelFileException if there is a {@code kernel_config.ini} that cannot be used
   */
  WeightFormat of(WeightFormat type, List<Long> dims) throws ModelFileException {
    if (type == WeightFormats.I2_S) {
      I2sLayout layout = options.i2s().orElse(I2sLayout.CANONICAL);
      readings.add(
          "I2_S weights are read in the layout '"
              + layout.label()
              + (options.i2s().isPresent()
                  ? "', as was asked for."
                  : "', which published files have; nothing in a file says so."));
      return WeightFormats.i2s(layout);
    }
    boolean flat = dims.size() > 1 && dims.stream().skip(2).allMatch(d -> d == 1);
    return type instanceof LookupTable table && flat
        ? tiled(table, dims.get(1), dims.getFirst())
        : type;
  }

  private WeightFormat tiled(LookupTable type, long rows, long columns) throws ModelFileException {
    KernelConfig known = config();
    if (known == null) {
      return type;
    }
    LookupTiles tiles =
        known
            .tiles(rows, columns)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "is of type "
                            + type.name()
                            + ", but "
                            + known.path()
                            + " has no section with m = "
                            + rows
                            + " and k = "
                            + columns
                            + ", its shape; name the one that the file was made with"
                            + " (--kernel-config)"));
    try {
      readings.add(type.name() + " weights are read in the tiles that " + known.path() + " gives.");
      return type.tiled(tiles);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "is of type " + type.name() + ", but in " + known.path() + " " + e.getMessage(), e);
    }
  }

  private @Nullable KernelConfig config() throws ModelFileException {
    if (config == null) {
      Path beside = model.resolveSibling(KernelConfig.FILE);
      if (options.kernelConfig().isPresent()) {
        config = KernelConfig.read(options.kernelConfig().get());
      } else if (Files.isRegularFile(beside)) {
        config = KernelConfig.read(beside);
      }
    }
    return config;
  }

  /** One id has several meanings, of which one fits. */
  void chose(int typeId, WeightFormat meaning) {
    readings.add(
        "Type id "
            + typeId
            + " has several meanings and is read as "
            + meaning.name()
            + ", the one that fits the sizes of all tensors with it.");
  }

  /** What was understood, in sentences. */
  List<String> readings() {
    return new ArrayList<>(readings);
  }
}
