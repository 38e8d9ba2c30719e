package dev.autodeploy.spring.test;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.TypeExcludeFilter;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.type.classreading.MetadataReader;
import org.springframework.core.type.classreading.MetadataReaderFactory;
import org.springframework.test.context.ContextConfigurationAttributes;
import org.springframework.test.context.ContextCustomizer;
import org.springframework.test.context.ContextCustomizerFactory;
import org.springframework.test.context.MergedContextConfiguration;
import org.springframework.test.context.TestContextAnnotationUtils;

/**
 * Leaves the application's own components out of a slice. Boot's annotation for that is in other
 * packages in each of its lines, the filter behind it is not.
 */
final class SliceCustomizerFactory implements ContextCustomizerFactory {

  @Override
  public @Nullable ContextCustomizer createContextCustomizer(
      Class<?> testClass, List<ContextConfigurationAttributes> attributes) {
    return TestContextAnnotationUtils.hasAnnotation(testClass, AutoDeployTest.class)
        ? new NoComponents()
        : null;
  }

  /** Two are equal, so that tests share a context. */
  private record NoComponents() implements ContextCustomizer {
    @Override
    public void customizeContext(
        ConfigurableApplicationContext context, MergedContextConfiguration merged) {
      context
          .getBeanFactory()
          .registerSingleton(NoComponentsFilter.class.getName(), new NoComponentsFilter());
    }
  }

  /** Excludes everything that the application's component scan finds. */
  private static final class NoComponentsFilter extends TypeExcludeFilter {
    @Override
    public boolean match(MetadataReader reader, MetadataReaderFactory factory) {
      return true;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof NoComponentsFilter;
    }

    @Override
    public int hashCode() {
      return NoComponentsFilter.class.hashCode();
    }
  }
}
