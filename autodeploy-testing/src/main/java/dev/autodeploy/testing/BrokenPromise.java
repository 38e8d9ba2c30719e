package dev.autodeploy.testing;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/**
 * Lets a failed contract test say which sentence of the contract is broken, before the details: the
 * test's {@link org.junit.jupiter.api.DisplayName}. The contracts of this package have it; a
 * contract of your own gets it by {@code @ExtendWith(BrokenPromise.class)}. Thread-safe.
 */
public final class BrokenPromise implements TestExecutionExceptionHandler {

  /** For JUnit. */
  public BrokenPromise() {}

  @Override
  public void handleTestExecutionException(ExtensionContext context, Throwable error)
      throws Throwable {
    if (error instanceof AssertionError) {
      AssertionError explained =
          new AssertionError(
              "The contract says: " + context.getDisplayName() + "\n" + error.getMessage(), error);
      explained.setStackTrace(error.getStackTrace());
      throw explained;
    }
    throw error;
  }
}
