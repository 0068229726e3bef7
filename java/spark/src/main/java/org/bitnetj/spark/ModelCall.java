package org.bitnetj.spark;

import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.analysis.TypeCheckResult;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Unevaluable;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenContext;
import org.apache.spark.sql.catalyst.expressions.codegen.ExprCode;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StringType;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;

/**
 * A model's result for one text, in an expression. Evaluated row by row it would have no other rows
 * to share steps with, so it is not: {@link ExtractCalls} replaces it by a column of {@link
 * ModelCalls}. To Spark it is not deterministic, though its results are: Spark computes
 * deterministic expressions more than once where that suits it.
 *
 * <p>Not for use: public because Spark makes copies of it by reflection.
 *
 * @serial exclude
 */
public final class ModelCall extends Expression implements Unevaluable, Serializable {
  private static final long serialVersionUID = 1L;

  private final RowWork work;
  private final Expression text;

  /**
   * Makes a call.
   *
   * @param work what is done with the text
   * @param text an expression of strings
   */
  public ModelCall(RowWork work, Expression text) {
    this.work = work;
    this.text = text;
  }

  RowWork work() {
    return work;
  }

  Expression text() {
    return text;
  }

  @Override
  public DataType dataType() {
    return work.resultType();
  }

  @Override
  public boolean nullable() {
    return true;
  }

  @Override
  public boolean deterministic() {
    return false;
  }

  @Override
  public boolean foldable() {
    return false;
  }

  @Override
  public TypeCheckResult checkInputDataTypes() {
    return text.dataType() instanceof StringType
        ? TypeCheckResult.TypeCheckSuccess$.MODULE$
        : new TypeCheckResult.TypeCheckFailure(
            "%s takes a string, not %s; cast it."
                .formatted(work.label(), text.dataType().simpleString()));
  }

  @Override
  public Object eval(InternalRow row) {
    throw notPlanned();
  }

  @Override
  public ExprCode doGenCode(CodegenContext context, ExprCode code) {
    throw notPlanned();
  }

  private IllegalStateException notPlanned() {
    return new IllegalStateException(
        ("%s is not planned: set spark.sql.extensions=%s for the session, and give the column a"
                + " name by withColumn or select.")
            .formatted(work.label(), BitNetExtensions.class.getName()));
  }

  @Override
  public Seq<Expression> children() {
    return Scala.seq(List.of(text));
  }

  @Override
  public Expression withNewChildrenInternal(IndexedSeq<Expression> children) {
    return new ModelCall(work, children.apply(0));
  }

  @Override
  public String prettyName() {
    return work.label();
  }

  @Override
  public String toString() {
    return "%s(%s)".formatted(work.label(), text);
  }

  @Override
  public String sql() {
    return "%s(%s)".formatted(work.label(), text.sql());
  }

  @Override
  public int productArity() {
    return 2;
  }

  @Override
  public Object productElement(int index) {
    return index == 0 ? work : text;
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof ModelCall;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ModelCall call && work.equals(call.work) && text.equals(call.text);
  }

  @Override
  public int hashCode() {
    return super.hashCode();
  }
}
