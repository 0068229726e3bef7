package org.bitnetj.spark;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import scala.collection.Iterator;
import scala.collection.immutable.Seq;
import scala.runtime.AbstractFunction2;

/** What a task does with its partition. */
final class CallsOfPartition
    extends AbstractFunction2<Object, Iterator<InternalRow>, Iterator<InternalRow>>
    implements Serializable {
  private static final long serialVersionUID = 1L;

  private final List<RowWork> work;
  private final Seq<Expression> texts;
  private final Seq<Attribute> input;
  private final Seq<Attribute> output;
  private final OperatorMetrics metrics;

  CallsOfPartition(
      List<ModelCall> calls, Seq<Attribute> input, Seq<Attribute> output, OperatorMetrics metrics) {
    this.work = calls.stream().map(ModelCall::work).toList();
    this.texts = Scala.seq(calls.stream().map(ModelCall::text).toList());
    this.input = input;
    this.output = output;
    this.metrics = metrics;
  }

  @Override
  public Iterator<InternalRow> apply(Object partition, Iterator<InternalRow> rows) {
    TaskContext task = TaskContext.get();
    UnsafeProjection arguments = UnsafeProjection.create(texts, input);
    arguments.initialize((Integer) partition);
    List<SharedModel> models = new ArrayList<>();
    // Spark calls the last listener first: nothing is under way when models are released.
    task.addTaskCompletionListener(
        ended -> {
          models.forEach(SharedModel::release);
        });
    List<RowWork.OfRow> begun = new ArrayList<>();
    for (RowWork one : work) {
      SharedModel model = SharedModel.acquire(one.model());
      models.add(model);
      begun.add(one.begin(model));
    }
    RowsUnderWay underWay =
        new RowsUnderWay(
            rows,
            arguments,
            work,
            begun,
            UnsafeProjection.create(Scala.wider(output), output),
            metrics,
            task);
    task.addTaskCompletionListener(
        ended -> {
          underWay.close();
        });
    return underWay;
  }
}
