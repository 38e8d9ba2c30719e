/**
 * Service links in the application's own servlet container, on its port and behind its filters.
 *
 * <pre>{@code
 * AutoDeployServlet links = AutoDeployServlet.builder(autoDeploy).port(8080).start();
 * ServletRegistration.Dynamic mapped = servletContext.addServlet("autodeploy", links);
 * mapped.addMapping(AutoDeployServlet.mappings());
 * mapped.setAsyncSupported(true);
 * mapped.setLoadOnStartup(1);
 * }</pre>
 */
@NullMarked
package dev.autodeploy.servlet;

import org.jspecify.annotations.NullMarked;
