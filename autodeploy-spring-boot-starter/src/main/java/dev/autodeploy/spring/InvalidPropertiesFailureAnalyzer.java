package dev.autodeploy.spring;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Shows wrong properties in place of a stack trace when an application fails to start. */
final class InvalidPropertiesFailureAnalyzer
    extends AbstractFailureAnalyzer<InvalidPropertiesException> {

  @Override
  protected FailureAnalysis analyze(Throwable failure, InvalidPropertiesException cause) {
    return new FailureAnalysis(
        "AutoDeploy cannot be set up from the application's properties:\n\n" + cause.getMessage(),
        "Correct the properties that are named above.",
        cause);
  }
}
