package dev.autodeploy.docker;

import org.jspecify.annotations.Nullable;

/**
 * A version of the API.
 *
 * @param major before the point
 * @param minor after the point
 */
record ApiVersion(int major, int minor) implements Comparable<ApiVersion> {
  static @Nullable ApiVersion parse(@Nullable String text) {
    if (text == null || !text.matches("\\d{1,4}\\.\\d{1,4}")) {
      return null;
    }
    int point = text.indexOf('.');
    return new ApiVersion(
        Integer.parseInt(text.substring(0, point)), Integer.parseInt(text.substring(point + 1)));
  }

  @Override
  public int compareTo(ApiVersion other) {
    int byMajor = Integer.compare(major, other.major);
    return byMajor != 0 ? byMajor : Integer.compare(minor, other.minor);
  }

  @Override
  public String toString() {
    return major + "." + minor;
  }
}
