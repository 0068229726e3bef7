package org.bitnetj.source;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.family.Role;
import org.bitnetj.option.ActivationScaling;
import org.bitnetj.option.Pooling;

/**
 * An open model in the engine's own words: its specification, vocabulary, chat template and tensors
 * by their roles. A container is read by one implementation, and nothing else knows it. Every size
 * and offset of a tensor was checked when it was opened, so each view lies inside a file. Immutable
 * and safe to share. Views are valid until the source and all who share its {@link #bytes} are
 * closed; then they throw {@link IllegalStateException}.
 */
public interface ModelSource extends VocabularyFile {
  /** The bytes of all tensors; share them to keep them longer than this source is open. */
  ModelBytes bytes();

  /** The label of the model's family, which the engine need not know; empty if it names none. */
  String family();

  /**
   * The model's shape and constants.
   *
   * @throws ModelFileException if it holds no whole model of a family that the engine knows
   */
  ModelSpec spec() throws ModelFileException;

  /**
   * The same with activations as its user knows them.
   *
   * @param activations empty for what the model says
   * @throws ModelFileException also if models of its family have other activations
   */
  default ModelSpec spec(Optional<ActivationScaling> activations) throws ModelFileException {
    ModelSpec spec = spec();
    try {
      return activations.isPresent() ? spec.with(activations.get()) : spec;
    } catch (IllegalArgumentException e) {
      throw new ModelFileException(path() + ": " + e.getMessage(), e);
    }
  }

  /**
   * Whether nothing in it says how activations were quantized in training, where its family leaves
   * that open, and the specification has a guess that a user should know of.
   */
  boolean guessesActivations() throws ModelFileException;

  /**
   * How embeddings of texts are made of hidden states; empty if it does not say.
   *
   * @throws ModelFileException if it says something that the engine does not compute
   */
  Optional<Pooling> pooling() throws ModelFileException;

  /**
   * The most tokens of a text that embeddings are made of, where it says fewer than its context.
   *
   * @throws ModelFileException as {@link #pooling}
   */
  default OptionalLong embeddedTokens() throws ModelFileException {
    return OptionalLong.empty();
  }

  /** What its files hold, whether it is a model that the engine can run or not. */
  Inspection inspection();

  /**
   * What in its files may not be as it is read, each a sentence without full stop. May look at
   * weights.
   */
  default List<String> warnings() {
    return List.of();
  }

  /** The text of its chat template; empty if it has none. */
  Optional<String> chatTemplate() throws ModelFileException;

  /**
   * All tensors in file order, whether the engine knows them or not.
   *
   * @throws IllegalStateException here and in what finds one, if the source can tell them only of a
   *     model that it has a {@link #spec} of, and there is none
   */
  Collection<Tensor> tensors();

  /**
   * The tensor of a role.
   *
   * @param layer of which layer; it does not matter where there is one for the whole model
   */
  Optional<Tensor> find(Role role, int layer);

  /** The scalar beside the weight of a linear layer that its products are multiplied by. */
  Optional<Tensor> findFactor(Role role, int layer);

  /** A low-bit copy of the output head, ready to be used; empty if there is none. */
  default Optional<Tensor> lowBitHead() {
    return Optional.empty();
  }

  /** What the tensor of a role is called here, for messages. */
  String name(Role role, int layer);

  /** The tensor of a role, or an error that names the file and the tensor. */
  default Tensor tensor(Role role, int layer) throws ModelFileException {
    return find(role, layer).orElseThrow(() -> missing(name(role, layer)));
  }

  /** The error for a tensor that must be there. */
  default ModelFileException missing(String name) {
    return new ModelFileException(
        path()
            + ": tensor '"
            + name
            + "' is missing; the file is incomplete or of another architecture.");
  }
}
