package dev.autodeploy.spring;

import jakarta.servlet.http.HttpServletRequest;
import org.springframework.core.Ordered;
import org.springframework.web.filter.FormContentFilter;

/** Boot's filter for forms, but for service links: it would consume their bodies. */
final class FormContentOutsideLinks extends FormContentFilter implements Ordered {
  /** The order of Boot's own. */
  private static final int ORDER = -9900;

  @Override
  protected boolean shouldNotFilter(HttpServletRequest request) {
    return request.getRequestURI().startsWith(request.getContextPath() + "/d/");
  }

  @Override
  public int getOrder() {
    return ORDER;
  }
}
