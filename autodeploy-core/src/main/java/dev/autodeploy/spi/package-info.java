/** What others implement: providers, idle policies, cost meters, probes and stores. */
@NullMarked
package dev.autodeploy.spi;

import org.jspecify.annotations.NullMarked;
