package org.bitnetj.convert;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.Manifest;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.family.Place;
import org.bitnetj.family.Role;
import org.bitnetj.format.FloatFormat;
import org.bitnetj.format.MappedFormat;
import org.bitnetj.format.ScaleKind;
import org.bitnetj.format.TernaryEncoder;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.memory.NativeMemory;
import org.bitnetj.model.EngineLayouts;
import org.bitnetj.option.ActivationScaling;
import org.bitnetj.option.HeadMode;
import org.bitnetj.parallel.ThreadTeam;
import org.bitnetj.source.ModelSource;
import org.bitnetj.source.Tensor;
import org.bitnetj.source.gguf.GgufFile;
import org.bitnetj.source.gguf.GgufHeader;
import org.bitnetj.source.gguf.GgufWriter;
import org.bitnetj.source.gguf.MappedTensors;
import org.bitnetj.source.gguf.MatrixWriter;
import org.bitnetj.tensor.FloatMatrix;
import org.jspecify.annotations.Nullable;

/** What becomes of each tensor of a model, decided before anything is written. */
final class ConversionPlan {
  /** Writes a tensor's bytes; an {@link IllegalArgumentException} is a clause about the tensor. */
  @FunctionalInterface
  private interface Content {
    void write(MatrixWriter out) throws ModelFileException;
  }

  /**
   * A tensor of the new file.
   *
   * @param source of which it is made
   */
  private record Part(
      String name, WeightFormat format, List<Long> dims, Tensor source, Content content) {}

  private final ModelSource model;
  private final ModelSpec spec;
  private final ThreadTeam team;
  private final Optional<TernaryEncoder> weights;
  private final Optional<FloatFormat> head;
  private final boolean exactScales;
  private final ScaleRounding rounding;
  private final @Nullable EngineLayouts layouts; // null unless weights are stored in them
  private final HeadMode lowBitHead;
  private final Map<String, MappedFormat> mapped = new LinkedHashMap<>(); // by their names
  private final List<Part> parts = new ArrayList<>();
  private boolean hasLowBitHead;
  private boolean regrouped; // whether activations by groups meet other groups than before

  private ConversionPlan(
      ModelSource model,
      ModelSpec spec,
      ConversionOptions options,
      Supplier<Kernels> kernels,
      ThreadTeam team) {
    this.model = model;
    this.spec = spec;
    this.team = team;
    this.weights = options.weightFormat();
    this.head = options.headFormat();
    this.exactScales = options.exactScales();
    this.rounding = new ScaleRounding(exactScales);
    this.lowBitHead = options.lowBitHead();
    this.layouts =
        options
            .panels()
            .map(
                panels ->
                    new EngineLayouts(model, spec, kernels.get(), team, panels, options.sparse()))
            .orElse(null);
  }

  /**
   * @param spec of the model, its activations as its user knows them
   * @param kernels pack, if the options ask for the engine's own layouts
   * @param team reads and writes
   * @throws ModelFileException if a tensor cannot be converted so
   */
  static ConversionPlan of(
      ModelSource model,
      ModelSpec spec,
      ConversionOptions options,
      Supplier<Kernels> kernels,
      ThreadTeam team)
      throws ModelFileException {
    ConversionPlan plan = new ConversionPlan(model, spec, options, kernels, team);
    if (model instanceof GgufFile) {
      plan.addInFileOrder();
    } else {
      plan.addInOrderOfRoles();
    }
    if (plan.layouts != null) {
      plan.addLowBitHead(plan.layouts);
    }
    return plan;
  }

  /** The file's own tensors, those that the engine does not know as they are. */
  private void addInFileOrder() throws ModelFileException {
    Map<String, Manifest.Entry> known = new HashMap<>();
    Set<String> derived = new HashSet<>();
    for (Manifest.Entry entry : entries()) {
      model.find(entry.role(), entry.layer()).ifPresent(t -> known.put(t.name(), entry));
      if (entry.role().place().kind() == Place.Kind.LINEAR) {
        model.findFactor(entry.role(), entry.layer()).ifPresent(t -> derived.add(t.name()));
      }
    }
    model.lowBitHead().ifPresent(t -> derived.add(t.name())); // is made again of the new head
    for (Tensor tensor : model.tensors()) {
      Manifest.Entry entry = known.get(tensor.name());
      if (entry != null) {
        add(entry.role(), entry.layer(), tensor);
      } else if (!derived.contains(tensor.name())) { // these come with their weights
        addAsItIs(tensor.name(), tensor);
      }
    }
  }

  private void addInOrderOfRoles() throws ModelFileException {
    Set<String> known = new HashSet<>();
    for (Manifest.Entry entry : entries()) {
      Role role = entry.role();
      Optional<Tensor> found = model.find(role, entry.layer());
      if (found.isPresent()) {
        known.add(found.get().name());
        model.findFactor(role, entry.layer()).ifPresent(factor -> known.add(factor.name()));
        add(role, entry.layer(), found.get());
      } else if (!role.optional()) {
        throw model.missing(model.name(role, entry.layer()));
      }
    }
    for (Tensor tensor : model.tensors()) {
      if (!known.contains(tensor.name())) {
        throw refused(
            tensor,
            "is none that models of architecture '" + spec.architecture().label() + "' have");
      }
    }
  }

  private List<Manifest.Entry> entries() {
    return spec.architecture().manifest().entries(spec.layers());
  }

  private void add(Role role, int layer, Tensor tensor) throws ModelFileException {
    String name = role.gguf(layer);
    boolean flat = tensor.dims().stream().skip(2).allMatch(d -> d == 1);
    if (!flat
        || tensor.columns() != role.place().columns(spec)
        || tensor.rows() != role.place().rows(spec)) {
      throw refused(
          tensor,
          "has the shape %s, but the model's needs %d x %d"
              .formatted(tensor.dims(), role.place().columns(spec), role.place().rows(spec)));
    }
    switch (role.place().kind()) {
      case VECTOR -> addVector(name, tensor);
      case VOCABULARY_MATRIX ->
          addFloats(name, tensor, head.isPresent() ? head.get() : tensor.format());
      case LINEAR -> addLinear(role, layer, tensor);
    }
  }

  private void addAsItIs(String name, Tensor tensor) {
    List<Long> dims = tensor.dims();
    parts.add(new Part(name, tensor.format(), dims, tensor, out -> out.copy(name, tensor.data())));
  }

  /** GGUF files have vectors of float32. */
  private void addVector(String name, Tensor tensor) throws ModelFileException {
    addFloats(name, tensor, model instanceof GgufFile ? tensor.format() : WeightFormats.F32);
  }

  private void addFloats(String name, Tensor tensor, WeightFormat to) throws ModelFileException {
    if (tensor.format().equals(to)) {
      addAsItIs(name, tensor);
      return;
    }
    int rows = (int) tensor.rows();
    int columns = (int) tensor.columns();
    MatrixWriter.FloatRows source = floats(tensor, rows, columns);
    FloatFormat format = (FloatFormat) to;
    parts.add(
        new Part(
            name,
            format,
            tensor.dims(),
            tensor,
            out -> out.write(name, format, rows, columns, source)));
  }

  private MatrixWriter.FloatRows floats(Tensor tensor, int rows, int columns)
      throws ModelFileException {
    if (tensor.format() instanceof FloatFormat format) {
      return (row, values) -> {
        format.floats(tensor.data(), columns, row, values, 0);
        requireFinite(values, row);
      };
    }
    if (tensor.format() instanceof TernaryFormat format) {
      int group = format.scaleKind() instanceof ScaleKind.Group g ? g.columns() : columns;
      return (row, values) -> {
        byte[] digits = new byte[columns];
        float[] scales = new float[format.scaleKind().count(columns)];
        format.digits(tensor.data(), columns, row, digits);
        format.scales(tensor.data(), columns, row, scales);
        for (int c = 0; c < columns; c++) {
          values[c] = scales[c / group] * (digits[c] - 1);
        }
        requireFinite(values, row);
      };
    }
    throw refused(tensor, "is of type " + tensor.format().name() + ", which cannot be read");
  }

  private static void requireFinite(float[] values, int row) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw new IllegalArgumentException("holds " + value + " in row " + row);
      }
    }
  }

  /** Floats among linear layers stay as they are: there is a reason for each of them. */
  private void addLinear(Role role, int layer, Tensor tensor) throws ModelFileException {
    if (layouts != null) {
      addMapped(role, layer, tensor, layouts);
      return;
    }
    Optional<Tensor> factor = model.findFactor(role, layer);
    String factorName = role.ggufFactor(layer);
    if (!(tensor.format() instanceof TernaryFormat from)
        || from.equals(weights.orElse(null))
        || weights.isEmpty() && from instanceof TernaryEncoder) {
      if (!(tensor.format() instanceof FloatFormat || tensor.format() instanceof TernaryEncoder)) {
        throw refused(tensor, tensor.format().foreign().orElse("is of a type that cannot be read"));
      }
      if (tensor.format() instanceof TernaryEncoder kept) {
        requireGroups(tensor, kept, kept);
      }
      addAsItIs(role.gguf(layer), tensor);
      factor.ifPresent(scale -> addAsItIs(factorName, scale));
      return;
    }
    TernaryEncoder to = weights.orElse(usual());
    requireGroups(tensor, from, to);
    try {
      from.prepare(tensor.data(), (int) tensor.columns(), team);
      Optional<Float> scale = TernaryConversion.uniformScale(tensor);
      if (scale.isEmpty()) {
        addTernary(role.gguf(layer), tensor, to, TernaryConversion.ofMany(tensor, to, rounding));
        factor.ifPresent(value -> addAsItIs(factorName, value));
        return;
      }
      float whole = scale.get() * (factor.isPresent() ? factor(factor.get()) : 1);
      boolean beside =
          exactScales
              && to.storable(whole) != whole
              && spec.activationScaling() == ActivationScaling.ROW; // else there is no such tensor
      addTernary(
          role.gguf(layer),
          tensor,
          to,
          TernaryConversion.ofOne(tensor, to, beside ? 1 : whole, rounding));
      if (beside) {
        addFloat(factorName, tensor, whole);
      }
    } catch (IllegalArgumentException e) {
      throw refused(tensor, e.getMessage());
    }
  }

  /** In the engine's own layout, the factor beside it in its scales. */
  private void addMapped(Role role, int layer, Tensor tensor, EngineLayouts layouts)
      throws ModelFileException {
    String name = role.gguf(layer);
    Optional<MappedFormat> format = layouts.format(role, layer);
    if (format.isEmpty()) {
      addAsItIs(name, tensor);
      return;
    }
    long bytes = format.get().bytes();
    mapped.put(name, format.get());
    addBytes(
        name,
        bytes,
        tensor,
        (out, memory) -> {
          layouts.pack(role, layer, format.get(), memory);
          out.copy(name, memory);
        });
  }

  /** Makes bytes in memory of their size, and writes them. */
  @FunctionalInterface
  private interface Bytes {
    void write(MatrixWriter out, MemorySegment memory) throws ModelFileException;
  }

  private void addBytes(String name, long bytes, Tensor source, Bytes content) {
    parts.add(
        new Part(
            name,
            WeightFormats.I8,
            List.of(bytes),
            source,
            out -> {
              try (NativeMemory memory = new NativeMemory()) {
                content.write(out, memory.allocate(bytes));
              }
            }));
  }

  /** Of the head as it is in the new file. */
  private void addLowBitHead(EngineLayouts layouts) throws ModelFileException {
    Manifest manifest = spec.architecture().manifest();
    Optional<Tensor> own = manifest.at(Place.HEAD).flatMap(role -> model.find(role, 0));
    Tensor stored =
        own.isPresent() ? own.get() : model.tensor(manifest.at(Place.EMBEDDING).orElseThrow(), 0);
    WeightFormat to = head.isPresent() ? head.get() : stored.format();
    if (!(to instanceof FloatFormat format) || !EngineLayouts.hasLowBit(spec, format, lowBitHead)) {
      return;
    }
    hasLowBitHead = true;
    addBytes(
        MappedTensors.LOW_BIT_HEAD_NAME,
        EngineLayouts.lowBitBytes(spec),
        stored,
        (out, memory) -> {
          try (NativeMemory scratch = new NativeMemory()) {
            if (!layouts.packLowBit(converted(stored, format, scratch), memory)) {
              throw refused(stored, "holds weights that are NaN or infinite");
            }
          }
          out.copy(MappedTensors.LOW_BIT_HEAD_NAME, memory);
        });
  }

  /** A matrix of floats in another format; in place where it has that already. */
  private FloatMatrix converted(Tensor tensor, FloatFormat to, NativeMemory memory)
      throws ModelFileException {
    int rows = (int) tensor.rows();
    int columns = (int) tensor.columns();
    if (tensor.format().equals(to)) {
      return new FloatMatrix(tensor.data(), to, rows, columns);
    }
    MatrixWriter.FloatRows source = floats(tensor, rows, columns);
    MemorySegment data = memory.allocate(to.bytes(rows, columns));
    team.run(
        (begin, end) -> {
          float[] values = new float[columns];
          for (int row = begin; row < end; row++) {
            source.read(row, values);
            to.encode(values, data, columns, row);
          }
        },
        rows,
        64);
    return new FloatMatrix(data, to, rows, columns);
  }

  /** For weights of a type that is only read. */
  private TernaryEncoder usual() {
    return spec.activationScaling() == ActivationScaling.GROUP
        ? WeightFormats.PQ2_0
        : WeightFormats.I2_S;
  }

  private void requireGroups(Tensor tensor, TernaryFormat from, TernaryEncoder to)
      throws ModelFileException {
    if (spec.activationScaling() == ActivationScaling.GROUP) {
      if (!(to.scaleKind() instanceof ScaleKind.Group)) {
        throw refused(
            tensor,
            "is multiplied with activations that have a scale a group of columns, so it needs"
                + " groups too, which "
                + to.name()
                + " does not have; choose pq2_0, ptq1_0 or q2_0, or, if the model was trained with"
                + " quantized activations, say so (--activations row)");
      }
      regrouped |= !from.scaleKind().equals(to.scaleKind());
    }
  }

  private void addTernary(
      String name, Tensor tensor, TernaryEncoder to, TernaryConversion conversion) {
    int rows = (int) tensor.rows();
    int columns = (int) tensor.columns();
    parts.add(
        new Part(
            name,
            to,
            tensor.dims(),
            tensor,
            out -> out.write(name, to, rows, columns, conversion)));
  }

  private float factor(Tensor factor) throws ModelFileException {
    if (!(factor.format() instanceof FloatFormat format) || factor.elements() != 1) {
      throw refused(factor, "must be one float");
    }
    float[] value = new float[1];
    format.floats(factor.data(), 1, 0, value, 0);
    return value[0];
  }

  private void addFloat(String name, Tensor source, float... values) {
    MemorySegment data = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_FLOAT, values);
    List<Long> dims = List.of((long) values.length);
    parts.add(new Part(name, WeightFormats.F32, dims, source, out -> out.copy(name, data)));
  }

  private ModelFileException refused(Tensor tensor, String clause) {
    return new ModelFileException(
        model.path() + ": tensor '" + tensor.name() + "' " + clause + ".");
  }

  /**
   * Declares the tensors.
   *
   * @throws ModelFileException if a type cannot hold the shape of one
   */
  void declare(GgufHeader header) throws ModelFileException {
    if (layouts != null) {
      MappedTensors.put(header, mapped, hasLowBitHead);
    }
    for (Part part : parts) {
      long[] dims = part.dims.stream().mapToLong(Long::longValue).toArray();
      try {
        header.tensor(part.name, part.format, dims);
      } catch (IllegalArgumentException e) {
        throw new ModelFileException(
            model.path() + ": " + e.getMessage() + "; choose another type for it.", e);
      }
    }
  }

  /** Writes all of them, in the order in which they are declared. */
  void write(GgufWriter writer, ConversionOptions.Progress progress) throws ModelFileException {
    Tensor[] current = {parts.getFirst().source};
    MatrixWriter.Progress written =
        (bytes, size) -> {
          // What was read so far is not needed again.
          model.bytes().release(current[0].data());
          progress.at(bytes, size);
        };
    try (MatrixWriter out = new MatrixWriter(writer, written, team)) {
      for (Part part : parts) {
        current[0] = part.source;
        part.content.write(out);
      }
    } catch (IllegalArgumentException e) {
      throw refused(current[0], e.getMessage());
    }
  }

  /** The one format of all ternary weights in the new file; empty if there are several. */
  Optional<TernaryEncoder> weights() {
    List<TernaryEncoder> used =
        parts.stream()
            .map(Part::format)
            .filter(TernaryEncoder.class::isInstance)
            .map(TernaryEncoder.class::cast)
            .distinct()
            .toList();
    return used.size() == 1 ? Optional.of(used.getFirst()) : Optional.empty();
  }

  /** What is lost, each a sentence without full stop; known once all is written. */
  List<String> warnings() {
    List<String> warnings = new ArrayList<>();
    rounding.warning().ifPresent(warnings::add);
    if (regrouped) {
      warnings.add(
          "products are summed by the groups of columns that the new type has, so results differ"
              + " in the last bits");
    }
    return warnings;
  }
}
