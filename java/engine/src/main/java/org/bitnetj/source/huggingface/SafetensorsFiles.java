package org.bitnetj.source.huggingface;

import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.memory.MachineMemory;
import org.bitnetj.source.ModelBytes;

/**
 * The tensors of a checkpoint, of one file or of several that an index names. Nothing is trusted:
 * an index can only name files in its own folder, and must agree with them.
 *
 * @param bytes all files
 * @param tensors by name, in the order of the files
 */
record SafetensorsFiles(ModelBytes bytes, Map<String, StoredTensor> tensors) {
  private static final String SINGLE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final String EXTENSION = ".safetensors";
  private static final Pattern PART = Pattern.compile(".*-[0-9]+-of-0*([0-9]+)\\.safetensors");

  /**
   * @param path a folder, or a safetensors file, which must be all of the model
   * @param mapped whether the bytes stay in the files
   */
  static SafetensorsFiles open(Path path, boolean mapped) throws ModelFileException {
    if (!Files.isDirectory(path)) {
      var part = PART.matcher(path.getFileName().toString());
      if (part.matches() && !part.group(1).equals("1")) {
        throw new ModelFileException(
            path
                + ": this is one of the "
                + part.group(1)
                + " files that the model was split into; name their folder instead.");
      }
      return read(List.of(path), mapped);
    }
    if (Files.exists(path.resolve(SINGLE))) {
      return read(List.of(path.resolve(SINGLE)), mapped);
    }
    Section index =
        Section.find(path.resolve(INDEX))
            .orElseThrow(
                () ->
                    new ModelFileException(
                        path
                            + " is a directory without "
                            + SINGLE
                            + " and "
                            + INDEX
                            + "; name a model file or a folder with one of them."));
    return ofIndex(path, index, mapped);
  }

  private static SafetensorsFiles ofIndex(Path folder, Section index, boolean mapped)
      throws ModelFileException {
    Section map = index.findSection("weight_map").orElseThrow(() -> index.missing("weight_map"));
    Map<String, Path> places = new LinkedHashMap<>();
    Set<Path> files = new LinkedHashSet<>();
    for (String name : map.members().keySet()) {
      String file = map.findText(name).orElseThrow(() -> map.missing(name));
      boolean plain =
          file.endsWith(EXTENSION)
              && file.indexOf('/') < 0
              && file.indexOf('\\') < 0
              && file.indexOf(':') < 0
              && file.indexOf('\0') < 0;
      if (!plain) {
        throw map.failure(
            map.name(name)
                + " is in '"
                + Section.shown(file)
                + "', which is not the name of a safetensors file in the same folder; the index is"
                + " damaged.");
      }
      places.put(name, folder.resolve(file));
      files.add(folder.resolve(file));
    }
    SafetensorsFiles read = read(List.copyOf(files), mapped);
    try {
      read.requireAgreement(index, places);
    } catch (ModelFileException e) {
      read.bytes.close();
      throw e;
    }
    return read;
  }

  private void requireAgreement(Section index, Map<String, Path> places) throws ModelFileException {
    for (Map.Entry<String, Path> place : places.entrySet()) {
      StoredTensor tensor = tensors.get(place.getKey());
      if (tensor == null || !tensor.file().equals(place.getValue())) {
        throw index.failure(
            "tensor '"
                + Section.shown(place.getKey())
                + "' is not in "
                + place.getValue().getFileName()
                + ", where the index has it; download the files again.");
      }
    }
    for (StoredTensor tensor : tensors.values()) {
      if (!places.containsKey(tensor.name())) {
        throw tensor.failure("is missing in " + INDEX + "; download the files again");
      }
    }
  }

  private static SafetensorsFiles read(List<Path> files, boolean mapped) throws ModelFileException {
    ModelBytes bytes =
        mapped ? ModelBytes.map(files) : ModelBytes.read(files, MachineMemory.bytes());
    try {
      return new SafetensorsFiles(bytes, tensors(files, bytes));
    } catch (Throwable e) {
      bytes.close();
      throw e;
    }
  }

  private static Map<String, StoredTensor> tensors(List<Path> files, ModelBytes bytes)
      throws ModelFileException {
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    for (int i = 0; i < files.size(); i++) {
      for (StoredTensor tensor : header(files.get(i), bytes.files().get(i).segment())) {
        StoredTensor other = tensors.put(tensor.name(), tensor);
        if (other != null) {
          throw tensor.failure(
              "is also in " + other.file().getFileName() + "; only one can be meant");
        }
      }
    }
    return Collections.unmodifiableMap(tensors);
  }

  private static List<StoredTensor> header(Path file, MemorySegment bytes)
      throws ModelFileException {
    try {
      return SafetensorsHeader.read(file, bytes);
    } catch (InternalError e) {
      throw new ModelFileException(
          file + ": the file was shortened by another program while it was read.", e);
    }
  }
}
