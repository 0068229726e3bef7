package org.bitnetj.model;

import java.util.Optional;
import java.util.OptionalLong;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.Manifest;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.family.Place;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kv.KvShape;
import org.bitnetj.memory.MachineMemory;
import org.bitnetj.option.HeadMode;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.Tensor;
import org.bitnetj.tensor.AttentionLayer;

/**
 * How large a model is, whether it loads on this machine and what memory it takes, found without
 * loading it.
 *
 * @param parameters elements of all tensors of the model, by its family's list
 * @param bytes of these tensors as they are stored
 * @param ternaryParameters those of ternary matrices in linear layers
 * @param ternaryBytes of these matrices as they are stored, scales included
 * @param weightBytes what a step reads of the weights, in memory of its own or where it is mapped
 * @param positionBytes keys and values of one token in all layers, as float16
 * @param context tokens for which there is room by default: as many as the model was made for, or
 *     what fits beside the weights
 * @param refusal why it does not load; empty if nothing is known to be in the way. Only loading
 *     looks at all weights
 */
public record Fit(
    long parameters,
    long bytes,
    long ternaryParameters,
    long ternaryBytes,
    long weightBytes,
    long positionBytes,
    int context,
    Optional<String> refusal) {
  /**
   * Looks at a model's directory of tensors, and at this machine's memory.
   *
   * @param spec that of {@code source}
   * @throws ModelFileException if the model's tensors are not what its family has
   */
  public static Fit of(ModelSource source, ModelSpec spec, Kernels kernels)
      throws ModelFileException {
    ModelTensors tensors = new ModelTensors(source, spec);
    tensors.requireAll();
    OptionalLong room = MachineMemory.bytes();
    WeightsPlan plan;
    Optional<String> refusal = Optional.empty();
    try {
      plan = WeightsPlan.of(tensors, kernels, HeadMode.AUTO, true, room);
      plan.requireRoomForSteps(tensors, room);
    } catch (ModelFileException e) {
      refusal = Optional.of(e.getMessage());
      plan = WeightsPlan.of(tensors, kernels, HeadMode.AUTO, true, OptionalLong.empty());
    }
    long position =
        new KvShape(
                spec.layers(),
                spec.heads(),
                spec.kvHeads(),
                spec.headDim(),
                AttentionLayer.Type.F16)
            .positionBytes();
    long positions = MachineMemory.leftBeside(plan.workingBytes()) / position;
    int context = Math.clamp(positions, 1, spec.contextLength());
    long parameters = 0;
    long bytes = 0;
    long ternaryParameters = 0;
    long ternaryBytes = 0;
    for (Manifest.Entry entry : spec.architecture().manifest().entries(spec.layers())) {
      Optional<Tensor> found = source.find(entry.role(), entry.layer());
      if (found.isPresent()) {
        Tensor tensor = found.get();
        long elements = elements(entry, spec);
        parameters += elements;
        bytes += tensor.data().byteSize();
        if (entry.role().place().kind() == Place.Kind.LINEAR
            && tensor.format() instanceof TernaryFormat) {
          ternaryParameters += elements;
          ternaryBytes += tensor.data().byteSize();
        }
      }
    }
    return new Fit(
        parameters,
        bytes,
        ternaryParameters,
        ternaryBytes,
        plan.workingBytes(),
        position,
        context,
        refusal);
  }

  /** Elements of all tensors of a model, by its family's list. */
  public static long parameters(ModelSource source, ModelSpec spec) {
    return spec.architecture().manifest().entries(spec.layers()).stream()
        .filter(entry -> source.find(entry.role(), entry.layer()).isPresent())
        .mapToLong(entry -> elements(entry, spec))
        .sum();
  }

  private static long elements(Manifest.Entry entry, ModelSpec spec) {
    Place place = entry.role().place();
    return (long) place.columns(spec) * place.rows(spec);
  }

  /** Bits that a parameter has on average in the files. */
  public double bitsPerParameter() {
    return 8.0 * bytes / parameters;
  }

  /** The same of ternary weights; NaN if there are none. */
  public double bitsPerTernaryParameter() {
    return 8.0 * ternaryBytes / ternaryParameters;
  }

  /** Keys and values of all tokens of the context. */
  public long contextBytes() {
    return positionBytes * context;
  }
}
