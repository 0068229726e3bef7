package org.bitnetj.source.gguf;

import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.bitnetj.error.ModelFileException;
import org.bitnetj.family.ModelSpec;
import org.bitnetj.family.Place;
import org.bitnetj.family.Role;
import org.bitnetj.format.TernaryFormat;
import org.bitnetj.format.WeightFormats;
import org.bitnetj.option.I2sLayout;
import org.bitnetj.source.Tensor;

/**
 * Which layout I2_S weights seem to have. A hidden unit has a row of the up projection and a column
 * of the down projection. Training gives units that matter less smaller weights, of which more are
 * rounded to 0, in both: over the units, the numbers of weights other than 0 in the row and in the
 * column are correlated. A wrong layout takes other weights for a unit's column, and the
 * correlation falls to near 0.
 *
 * <p>The numbers of weights are compared by Pearson's coefficient, whose standard error over n
 * units without any correlation is {@code 1 / sqrt(n)}: in models with random weights all layouts
 * give about 0. The model that ships has about 0.6, in a wrong layout at most 0.2.
 *
 * @param correlations for each layout that the matrices can have, over some layers
 * @param units that were compared, in all these layers
 */
record I2sLikeness(Map<I2sLayout, Double> correlations, int units) {
  /**
   * How much is looked at.
   *
   * @param units most hidden units
   * @param rows most rows of the down projection
   */
  private record Sample(boolean inOneLayer, int units, int rows) {}

  private static final Sample GLANCE = new Sample(true, 256, 96);
  private static final Sample QUICK = new Sample(false, 256, 96);
  private static final Sample WHOLE = new Sample(false, 1024, 256);

  /** More than any wrong layout gives, in which some weights are where they should be. */
  private static final double CERTAIN = 0.45;

  /** By how many standard errors another layout must be better; two are compared. */
  private static final double CLEARLY = 8;

  /** Below so many standard errors of a quick look, a closer one would show nothing. */
  private static final double SLIGHTLY = 2;

  /** What a file's weights look like; empty if the engine knows no such matrices in it. */
  static Optional<I2sLikeness> of(GgufFile file) {
    return of(file, List.of(I2sLayout.values()), WHOLE);
  }

  /**
   * The same where that is not soon clear: most files are canonical, and one layer shows it. Where
   * it does not, no other layout stands out in a few units of three layers either if the weights
   * are random.
   */
  static Optional<I2sLikeness> ofDoubtful(GgufFile file) {
    Optional<I2sLikeness> glance = of(file, List.of(I2sLayout.CANONICAL), GLANCE);
    if (glance.isEmpty() || glance.get().of(I2sLayout.CANONICAL) > CERTAIN) {
      return Optional.empty();
    }
    return of(file, List.of(I2sLayout.values()), QUICK)
        .flatMap(likeness -> likeness.stray(SLIGHTLY))
        .flatMap(stray -> of(file));
  }

  private static Optional<I2sLikeness> of(GgufFile file, List<I2sLayout> layouts, Sample sample) {
    if (file.tensors().stream().noneMatch(t -> t.format().id() == WeightFormats.I2_S.id())) {
      return Optional.empty();
    }
    try {
      ModelSpec spec = file.spec();
      Role up = spec.architecture().manifest().at(Place.UP).orElseThrow();
      Role down = spec.architecture().manifest().at(Place.DOWN).orElseThrow();
      Map<I2sLayout, Double> sums = new EnumMap<>(I2sLayout.class);
      int layers = 0;
      int middle = spec.layers() / 2;
      for (int layer :
          sample.inOneLayer
              ? List.of(middle)
              : new TreeSet<>(List.of(0, middle, spec.layers() - 1))) {
        Tensor rows = file.tensor(up, layer);
        Tensor columns = file.tensor(down, layer);
        if (!isComparable(rows, columns)) {
          return Optional.empty();
        }
        layers++;
        for (I2sLayout layout : layouts) {
          if (holds(layout, rows) && holds(layout, columns)) {
            sums.merge(
                layout, correlation(rows, columns, WeightFormats.i2s(layout), sample), Double::sum);
          }
        }
      }
      int units = layers * Math.min(sample.units, spec.feedForward());
      Map<I2sLayout, Double> means = new EnumMap<>(I2sLayout.class);
      for (Map.Entry<I2sLayout, Double> sum : sums.entrySet()) {
        means.put(sum.getKey(), sum.getValue() / layers);
      }
      return Optional.of(new I2sLikeness(means, units));
    } catch (ModelFileException e) {
      return Optional.empty(); // loading says why
    }
  }

  private static boolean isComparable(Tensor up, Tensor down) {
    return up.format().id() == WeightFormats.I2_S.id()
        && down.format().id() == WeightFormats.I2_S.id()
        && up.rows() == down.columns()
        && up.columns() == down.rows()
        && Math.max(up.rows(), up.columns()) <= ModelSpec.MAX_WIDTH;
  }

  private static boolean holds(I2sLayout layout, Tensor tensor) {
    try {
      return WeightFormats.i2s(layout).bytes(tensor.dims()) == tensor.data().byteSize();
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private static double correlation(Tensor up, Tensor down, TernaryFormat layout, Sample sample) {
    int units = Math.min(sample.units, (int) up.rows());
    double[] inRows = new double[units];
    double[] inColumns = new double[units];
    byte[] digits = new byte[(int) up.columns()];
    for (int unit = 0; unit < units; unit++) {
      layout.digits(up.data(), digits.length, unit, digits);
      for (byte digit : digits) {
        inRows[unit] += digit == 1 ? 0 : 1;
      }
    }
    digits = new byte[(int) down.columns()];
    for (int row = 0; row < Math.min(sample.rows, down.rows()); row++) {
      layout.digits(down.data(), digits.length, row, digits);
      for (int unit = 0; unit < units; unit++) {
        inColumns[unit] += digits[unit] == 1 ? 0 : 1;
      }
    }
    return correlation(inRows, inColumns);
  }

  /** Pearson's coefficient; 0 if all elements of one are the same. */
  private static double correlation(double[] x, double[] y) {
    double meanX = 0;
    double meanY = 0;
    for (int i = 0; i < x.length; i++) {
      meanX += x[i] / x.length;
      meanY += y[i] / x.length;
    }
    double xx = 0;
    double yy = 0;
    double xy = 0;
    for (int i = 0; i < x.length; i++) {
      xx += (x[i] - meanX) * (x[i] - meanX);
      yy += (y[i] - meanY) * (y[i] - meanY);
      xy += (x[i] - meanX) * (y[i] - meanY);
    }
    double both = Math.sqrt(xx) * Math.sqrt(yy);
    return both > 0 ? xy / both : 0;
  }

  /** The layout that is better than the canonical one by more than so many standard errors. */
  private Optional<I2sLayout> stray(double errors) {
    I2sLayout best = I2sLayout.CANONICAL;
    for (I2sLayout layout : correlations.keySet()) {
      best = of(layout) > of(best) ? layout : best;
    }
    return of(best) - of(I2sLayout.CANONICAL) > errors / Math.sqrt(units)
        ? Optional.of(best)
        : Optional.empty();
  }

  private double of(I2sLayout layout) {
    return correlations.getOrDefault(layout, 0.0);
  }

  /** What was found, as a sentence. */
  String reading() {
    return "The rows and columns of hidden units are correlated in them by "
        + shown()
        + "; in a trained model the right layout has the most.";
  }

  /** What a user who named no layout should know: a sentence without its full stop. */
  Optional<String> warning() {
    return stray(CLEARLY)
        .map(
            stray ->
                "its I2_S weights look as if they had the layout '"
                    + stray.label()
                    + "' and not the canonical one (the rows and columns of hidden units are"
                    + " correlated by "
                    + shown()
                    + "); if its texts make no sense, use --i2s-layout "
                    + stray.label()
                    + ", else --i2s-layout canonical");
  }

  private String shown() {
    return correlations.entrySet().stream()
        .map(e -> String.format(Locale.ROOT, "%s %.2f", e.getKey().label(), e.getValue()))
        .collect(Collectors.joining(", "));
  }
}
