/**
 * Calls deployments from within the same process, with OkHttp and without any proxy.
 *
 * <pre>{@code
 * OkHttpClient client = new OkHttpClient.Builder()
 *     .addInterceptor(AutoDeployInterceptor.of(autoDeploy))
 *     .build();
 * Request request = new Request.Builder().url("http://breezyvoice.autodeploy/v1/models").build();
 * try (Response response = client.newCall(request).execute()) {
 *   System.out.println(response.code());
 * }
 * }</pre>
 *
 * <p>See {@link dev.autodeploy.proxy.okhttp.AutoDeployInterceptor}.
 */
@NullMarked
package dev.autodeploy.proxy.okhttp;

import org.jspecify.annotations.NullMarked;
