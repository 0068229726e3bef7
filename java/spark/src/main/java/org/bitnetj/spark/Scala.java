package org.bitnetj.spark;

import java.util.List;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/** Scala's lists for Java, which does not see that they are covariant. */
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
}
