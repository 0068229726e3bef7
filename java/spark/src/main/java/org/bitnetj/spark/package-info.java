/**
 * Columns of Spark tables, completed and embedded by models that run in the executors. {@link
 * org.bitnetj.spark.BitNet} is where to start; {@link org.bitnetj.spark.BitNetCompleter} and {@link
 * org.bitnetj.spark.BitNetEmbedder} are stages of ML pipelines.
 *
 * <p>Executors need Java 25 and {@code --enable-native-access=ALL-UNNAMED}. Each loads a model once
 * and keeps it; the rows of all its tasks share the model's steps.
 */
@NullMarked
package org.bitnetj.spark;

import org.jspecify.annotations.NullMarked;
