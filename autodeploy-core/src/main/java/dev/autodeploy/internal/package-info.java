/**
 * The inside of the engine, by responsibility; not API. Each package uses only those before it,
 * which {@code RoomsTest} holds:
 *
 * <pre>
 * text        texts of others, made plain
 * util        helpers that know nothing of deployments
 * files       files that no other user may read or replace
 * net         listening sockets, shared by the fronts
 * document    types of problems and lists of deployments, as links and the API show them
 * policy      the idle policies and cost meters that come with the library
 * probe       the readiness probes that come with it
 * spec        a specification seen from outside: its digest, its JSON
 * store       state and ledger, in memory and in files
 * process     instances as local processes
 * wire        what replicas say to each other
 * decision    when an instance starts and is released, and who gets it: pure code
 * ledger      the use of instances and its cost
 * replay      a deployment over requests of the past, in virtual time
 * runtime     the services that all deployments of an engine share
 * deployment  one deployment: a lock around its decisions, and what carries them out
 * engine      all deployments of one engine: recovery, maintenance, orphans, shutdown
 * cluster     one replica of several, which leads or follows
 * </pre>
 */
@NullMarked
package dev.autodeploy.internal;

import org.jspecify.annotations.NullMarked;
