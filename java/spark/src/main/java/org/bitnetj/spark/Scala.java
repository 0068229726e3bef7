package org.bitnetj.spark;

import java.util.List;
import java.util.function.UnaryOperator;
import scala.Function1;
import scala.PartialFunction;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractPartialFunction;

/** Scala's lists, which Java does not see to be covariant, and its functions. */
final class Scala {
  private Scala() {}

  static <T> Seq<T> seq(List<? extends T> list) {
    return CollectionConverters.<T>asScala(List.<T>copyOf(list)).toList();
  }

  @SuppressWarnings("unchecked") // immutable
  static <T> Seq<T> wider(Seq<? extends T> seq) {
    return (Seq<T>) seq;
  }

  static <T> List<T> list(scala.collection.Seq<T> seq) {
    return List.copyOf(CollectionConverters.asJava(seq));
  }

  /** For the transformations of trees. */
  static <T> PartialFunction<T, T> function(Class<T> type, UnaryOperator<T> change) {
    return new AbstractPartialFunction<>() {
      @Override
      public boolean isDefinedAt(T value) {
        return type.isInstance(value);
      }

      @Override
      public <A extends T, B> B applyOrElse(A value, Function1<A, B> otherwise) {
        @SuppressWarnings("unchecked") // B is a supertype of T, which Java cannot say
        B changed = (B) change.apply(value);
        return changed;
      }
    };
  }
}
