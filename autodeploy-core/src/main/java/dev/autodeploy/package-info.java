/**
 * The API of AutoDeploy: scale-to-zero endpoints inside a Java application.
 *
 * <p>{@link dev.autodeploy.AutoDeploy} is the entry point. A host application hands it a few {@link
 * dev.autodeploy.DeploymentSpec deployments}; the first {@link dev.autodeploy.Deployment#acquire()
 * acquire} starts an instance through an {@link dev.autodeploy.spi.InstanceProvider}, is held until
 * the instance is ready, and gets a {@link dev.autodeploy.Lease}. When no lease was open for the
 * idle timeout the instance is released.
 */
@NullMarked
package dev.autodeploy;

import org.jspecify.annotations.NullMarked;
