package org.bitnetj.source;

import java.util.Optional;
import java.util.function.BiFunction;
import org.bitnetj.family.Architecture;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.family.Place;
import org.bitnetj.family.Role;
import org.bitnetj.format.ScaleKind;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.option.ActivationScaling;

/**
 * What shares a scale among int8 activations where only the weights tell. Matrices with different
 * scales for groups of columns are those of models of which only the weights are ternary. A model
 * that was trained with quantized activations has one scale a matrix, in whatever format. The first
 * matrix with groups decides, in the order of the family's manifest, so that the answer is the same
 * for every container.
 */
public final class ImpliedScaling {
  private ImpliedScaling() {}

  /**
   * @param find the tensor of a role and layer, if there is one
   */
  public static ActivationScaling of(
      Architecture architecture, BiFunction<Role, Integer, Optional<Tensor>> find) {
    boolean found = true;
    for (int layer = 0; found && layer < ModelSpec.MAX_LAYERS; layer++) {
      found = false;
      for (Role role : architecture.manifest().roles()) {
        if (role.place().kind() != Place.Kind.LINEAR) {
          continue;
        }
        Optional<Tensor> tensor = find.apply(role, layer);
        found |= tensor.isPresent();
        if (tensor.isPresent() && hasGroups(tensor.get())) {
          return hasOneScale(tensor.get()) ? ActivationScaling.ROW : ActivationScaling.GROUP;
        }
      }
    }
    return ActivationScaling.ROW;
  }

  /**
   * Whether a tensor has a scale for each group of columns, and a size that can be computed with.
   */
  public static boolean hasGroups(Tensor tensor) {
    return tensor.format() instanceof TernaryFormat format
        && format.scaleKind() instanceof ScaleKind.Group
        && Math.max(tensor.rows(), tensor.columns()) <= ModelSpec.MAX_WIDTH;
  }

  private static boolean hasOneScale(Tensor tensor) {
    return ((TernaryFormat) tensor.format())
        .uniformScale(tensor.data(), (int) tensor.rows(), (int) tensor.columns())
        .isPresent();
  }
}
