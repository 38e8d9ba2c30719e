/** WebSockets through proxies: a server that echoes, and clients that wait for each echo. */
@org.jspecify.annotations.NullMarked
package dev.autodeploy.benchmarks.websocket;
