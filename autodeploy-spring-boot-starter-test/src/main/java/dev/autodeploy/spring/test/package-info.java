/**
 * Tests of Spring Boot applications: a slice with the application's deployments, virtual time and
 * simulated instances. Start reading at {@link dev.autodeploy.spring.test.AutoDeployTest}.
 */
@NullMarked
package dev.autodeploy.spring.test;

import org.jspecify.annotations.NullMarked;
