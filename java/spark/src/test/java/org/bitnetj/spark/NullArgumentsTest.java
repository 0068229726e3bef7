package org.bitnetj.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.functions;
import org.bitnetj.testkit.NullArguments;
import org.junit.jupiter.api.Test;

/** What the module shows to its users says which argument is null, before it does anything else. */
class NullArgumentsTest {
  @Test
  void everyNullArgumentIsNamed() throws Exception {
    SparkContext context = LocalSpark.start().sparkContext();
    NullArguments arguments =
        new NullArguments()
            .with(LocalSpark.model(), LocalSpark.options())
            .with(EmbeddingOptions.of("m"), new BitNetCompleter(), new BitNetExtensions())
            .with(BitNetStage.class, new BitNetEmbedder())
            .with(SparkContext.class, context)
            .with(BitNetMetrics.register(context, "x"))
            .with(Column.class, functions.lit("x"))
            .without(ModelCall.class, ModelCalls.class, ModelCallsExec.class); // of Spark's plans
    assertEquals(List.of(), arguments.unnamed(BitNet.class));
    assertTrue(arguments.calls() > 30, () -> "only " + arguments.calls() + " arguments");
  }
}
