package dev.autodeploy.docker;

import static java.util.Objects.requireNonNull;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The GPUs of the shared daemon, which a test so marked has for itself: whoever holds one, of
 * whatever owner, is in the way of all others.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(DaemonsGpus.Lock.class)
@interface DaemonsGpus {

  /** The lock, from before a test's preparation until after it has tidied up. */
  final class Lock implements BeforeEachCallback, AfterEachCallback {
    private static final ExtensionContext.Namespace HERE =
        ExtensionContext.Namespace.create(Lock.class);

    @Override
    public void beforeEach(ExtensionContext context) {
      context.getStore(HERE).put(Lock.class, MachineLock.take("gpus"));
    }

    @Override
    public void afterEach(ExtensionContext context) {
      requireNonNull(context.getStore(HERE).remove(Lock.class, MachineLock.class)).close();
    }
  }
}
