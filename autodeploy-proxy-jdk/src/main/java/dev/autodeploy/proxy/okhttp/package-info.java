/** Calls deployments from within the same process, with OkHttp and without any proxy. */
@NullMarked
package dev.autodeploy.proxy.okhttp;

import org.jspecify.annotations.NullMarked;
