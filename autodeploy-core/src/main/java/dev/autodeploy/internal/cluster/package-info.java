/**
 * Several replicas of one host application, of which one runs the engine. Not API. Start reading at
 * {@code Replica}.
 *
 * <p><b>Who leads.</b> {@code Candidacy} decides, without I/O, threads or clocks: a replica leads
 * from the answer of its {@code LeaderElection} until shortly before the term is over for which it
 * asked, counted by its own monotonic clock from before it asked. It renews four times in a term.
 * One that gets no answer stops by itself; the place of the election lets the next one lead only
 * when the term is over by its clock. {@code Replica} asks, and carries out what comes of it.
 *
 * <p><b>Why two never act.</b> Each leader has an epoch, and every change of the state names it:
 * one that another epoch has overtaken is refused, and with it every start, which is written before
 * it is made. Calls of the provider ask {@code Candidacy} first. What was under way meanwhile, such
 * as a start, carries the owner's label, and the next leader finds and releases it like any orphan.
 *
 * <p><b>What a change of leader does to instances.</b> The one that leaves detaches them as they
 * are and closes its provider; then it gives leadership up. The next one starts an engine on the
 * same state, which adopts them, and releases none of them as idle before the requests that the
 * other replica may still carry have had the drain timeout to end.
 *
 * <p><b>What callers see.</b> Deployments are {@code ReplicaDeployment}s, which stay the same while
 * engines come and go. A request for a lease is held while nobody leads; where another replica
 * leads it is refused with {@code NOT_LEADING}. Leases that were granted stay valid when leadership
 * goes. A deployment that the host declares is kept here, and brought in line when this replica
 * begins to lead, as a restart of the host would do.
 */
@NullMarked
package dev.autodeploy.internal.cluster;

import org.jspecify.annotations.NullMarked;
