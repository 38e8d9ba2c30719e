package dev.autodeploy.spring.test;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTestContextBootstrapper;
import org.springframework.test.context.BootstrapWith;
import org.springframework.test.context.TestPropertySource;
import org.springframework.test.context.junit.jupiter.SpringExtension;

/**
 * A test of an application's deployments: the real engine with the application's properties, on
 * virtual time, with instances that are simulated. A cold start of 40 seconds takes a millisecond.
 *
 * <p>The context has beans of {@code AutoDeploy}, {@code ManualTime} and {@code SimulatedProvider}.
 * As with every slice, neither other auto-configurations nor the application's components are
 * there: add those under test with {@code @Import}. Deployments and ledger are kept in memory,
 * whatever {@code autodeploy.state-directory} and {@code autodeploy.cluster} say. After each test
 * every instance is released, and instances start at once again; the engine, its time and its costs
 * are shared by the tests of a context.
 *
 * <p>Nothing listens at the endpoint of a simulated instance.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@BootstrapWith(SpringBootTestContextBootstrapper.class)
@ExtendWith(SpringExtension.class)
@ImportAutoConfiguration
@TestPropertySource(
    properties = {
      "spring.boot.enableautoconfiguration=false",
      "autodeploy.cluster.enabled=false",
      "autodeploy.state-directory=",
      "autodeploy.keep-instances-on-close=false"
    })
public @interface AutoDeployTest {}
