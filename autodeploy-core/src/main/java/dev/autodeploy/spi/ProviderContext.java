package dev.autodeploy.spi;

import static java.util.Objects.requireNonNull;

/**
 * The engine that uses a provider, as the provider sees it. Immutable.
 *
 * @param owner whose instances these are: every instance is labelled with it, and only instances
 *     with this label are ever listed or released
 * @param observer whom to tell what happens to instances
 */
public record ProviderContext(String owner, InstanceObserver observer) {

  /**
   * Checks the values.
   *
   * @param owner whose instances these are: every instance is labelled with it, and only instances
   *     with this label are ever listed or released
   * @param observer whom to tell what happens to instances
   */
  public ProviderContext {
    requireNonNull(owner, "owner");
    requireNonNull(observer, "observer");
  }
}
