package dev.autodeploy.internal.document;

import dev.autodeploy.Deployment;
import dev.autodeploy.DeploymentState;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The part of all deployments that a list shows, as its query parameters say.
 *
 * @param limit how many at most
 * @param after the name of the deployment to go on after, or null to begin with the first
 * @param name what the name has to contain, in any case, or null for any name
 * @param state the state, or null for any
 */
public record DeploymentQuery(
    int limit, @Nullable String after, @Nullable String name, @Nullable DeploymentState state) {

  /** The limit unless another one is asked for: a small host has all in one page. */
  public static final int DEFAULT_LIMIT = 1000;

  /** The parameters that a list knows. */
  public static final Set<String> PARAMETERS = Set.of("limit", "after", "name", "state");

  /** The highest limit. */
  public static final int MAX_LIMIT = 10_000;

  /**
   * A page of deployments.
   *
   * @param deployments the deployments, in the order in which they were made
   * @param next the {@code after} of the next page, or null if this is the last one
   */
  public record Page(List<Deployment> deployments, @Nullable String next) {}

  /**
   * Reads query parameters.
   *
   * @param parameters the parameters by name; those that a list does not know are ignored
   * @return the query
   * @throws IllegalArgumentException with a message for the caller, if a value makes no sense
   */
  public static DeploymentQuery of(Map<String, String> parameters) {
    return new DeploymentQuery(
        limit(parameters.get("limit")),
        parameters.get("after"),
        parameters.get("name"),
        state(parameters.get("state")));
  }

  private static int limit(@Nullable String text) {
    if (text == null) {
      return DEFAULT_LIMIT;
    }
    int limit = text.matches("[0-9]{1,9}") ? Integer.parseInt(text) : 0;
    if (limit < 1 || limit > MAX_LIMIT) {
      throw new IllegalArgumentException("limit must be a whole number from 1 to " + MAX_LIMIT);
    }
    return limit;
  }

  private static @Nullable DeploymentState state(@Nullable String text) {
    if (text == null) {
      return null;
    }
    for (DeploymentState state : DeploymentState.values()) {
      if (state.name().equalsIgnoreCase(text)) {
        return state;
      }
    }
    throw new IllegalArgumentException("state must be standby, idle or running");
  }

  /**
   * Returns the page that this asks for.
   *
   * @param all all deployments, in the order in which they were made
   * @param visible tells those that the caller may see
   * @return the page
   * @throws IllegalArgumentException if {@code after} names none of them, as one removed meanwhile
   */
  public Page page(List<Deployment> all, Predicate<Deployment> visible) {
    List<Deployment> page = new ArrayList<>();
    for (Deployment deployment : all.subList(start(all), all.size())) {
      if (matches(deployment) && visible.test(deployment)) {
        if (page.size() == limit) {
          return new Page(page, page.get(limit - 1).name());
        }
        page.add(deployment);
      }
    }
    return new Page(page, null);
  }

  private int start(List<Deployment> all) {
    if (after == null) {
      return 0;
    }
    for (int i = 0; i < all.size(); i++) {
      if (all.get(i).name().equals(after)) {
        return i + 1;
      }
    }
    throw new IllegalArgumentException(
        "after names no deployment that there is; begin again without it");
  }

  private boolean matches(Deployment deployment) {
    return (name == null || lower(deployment.name()).contains(lower(name)))
        && (state == null || deployment.status().state() == state);
  }

  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }
}
