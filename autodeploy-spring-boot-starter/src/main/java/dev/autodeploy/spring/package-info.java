/**
 * AutoDeploy in a Spring Boot application: an engine, its deployments, service links, the page,
 * meters, health and an actuator endpoint, from properties below {@code autodeploy}.
 *
 * <p>Every bean gives way to one of the application's own; beans of {@link
 * dev.autodeploy.DeploymentSpec} are deployed, and those of {@link
 * dev.autodeploy.event.DeploymentListener} listen.
 */
@NullMarked
package dev.autodeploy.spring;

import org.jspecify.annotations.NullMarked;
