/**
 * The inside of the engine, by responsibility; not API. Each package may use only those above it:
 *
 * <pre>
 * util        helpers that know nothing of deployments
 * net         listening sockets, shared by the fronts
 * spec        a specification's digest
 * policy      the idle policies and cost meters that come with the library
 * probe       the readiness probes that come with it
 * store       state and ledger in memory and in files
 * process     instances as local processes
 * decision    when an instance starts and is released, and who gets it: pure code
 * ledger      what instances were used for and cost
 * runtime     what all deployments of an engine share
 * deployment  one deployment: a lock around its decisions, and what carries them out
 * engine      all deployments of one engine: recovery, maintenance, orphans, shutdown
 * </pre>
 */
@NullMarked
package dev.autodeploy.internal;

import org.jspecify.annotations.NullMarked;
