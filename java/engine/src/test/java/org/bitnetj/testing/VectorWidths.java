package org.bitnetj.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import jdk.incubator.vector.VectorShape;
import org.bitnetj.kernel.Kernels;
import org.bitnetj.kernel.vector.VectorTier;

/**
 * The vector kernels at several widths in one JVM. Their species are constants of their classes, as
 * the JIT compiler needs it, so for each width these classes are loaded once more.
 */
final class VectorWidths {
  static final List<Integer> ALL = List.of(128, 256, 512);

  private static final String PACKAGE = "org.bitnetj.kernel.vector.";
  private static final Map<Integer, Kernels> MADE = new ConcurrentHashMap<>();

  private VectorWidths() {}

  /** The widest that this JVM makes instructions of. */
  static int widest() {
    return VectorShape.preferredShape().vectorBitSize();
  }

  static Kernels kernels(int bits) {
    return MADE.computeIfAbsent(bits, VectorWidths::load);
  }

  private static synchronized Kernels load(int bits) {
    String old = System.setProperty(VectorTier.BITS, Integer.toString(bits));
    try {
      Class<?> tier = new Loader().loadClass(VectorTier.class.getName());
      Kernels kernels = (Kernels) tier.getMethod("kernels").invoke(null);
      Class<?> width = Class.forName(PACKAGE + "Width", true, kernels.getClass().getClassLoader());
      if (width.getClassLoader() == VectorTier.class.getClassLoader()) {
        throw new AssertionError("the classes were not loaded anew");
      }
      return kernels;
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    } finally {
      if (old == null) {
        System.clearProperty(VectorTier.BITS);
      } else {
        System.setProperty(VectorTier.BITS, old);
      }
    }
  }

  /** Defines the package itself and leaves everything else to its parent. */
  private static final class Loader extends ClassLoader {
    Loader() {
      super(VectorTier.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.startsWith(PACKAGE)) {
        return super.loadClass(name, resolve);
      }
      synchronized (getClassLoadingLock(name)) {
        Class<?> loaded = findLoadedClass(name);
        return loaded != null ? loaded : define(name);
      }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
      try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
        if (in == null) {
          throw new ClassNotFoundException(name);
        }
        byte[] bytes = in.readAllBytes();
        return defineClass(name, bytes, 0, bytes.length);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
