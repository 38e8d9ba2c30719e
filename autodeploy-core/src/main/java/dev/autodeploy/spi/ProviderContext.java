package dev.autodeploy.spi;

import static java.util.Objects.requireNonNull;

/**
 * The engine that uses a provider, as the provider sees it. Immutable.
 *
 * @param owner the owner of the instances: every instance is labelled with it, and only instances
 *     with this label are ever listed or released
 * @param observer the receiver of what happens to instances
 */
public record ProviderContext(String owner, InstanceObserver observer) {

  /**
   * Checks the values.
   *
   * @param owner the owner of the instances: every instance is labelled with it, and only instances
   *     with this label are ever listed or released
   * @param observer the receiver of what happens to instances
   */
  public ProviderContext {
    requireNonNull(owner, "owner");
    requireNonNull(observer, "observer");
  }
}
