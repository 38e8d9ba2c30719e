/**
 * Several replicas of one host application, of which one runs the engine. Not API. Start reading at
 * {@code Replica}.
 *
 * <p><b>Who leads.</b> {@code Candidacy} decides, without I/O, threads or clocks: a replica leads
 * from the answer of its {@code LeaderElection} until shortly before the term is over for which it
 * asked, counted by its own monotonic clock from before it asked. It renews four times in a term.
 * One that gets no answer starts and releases nothing from then on; the place of the election lets
 * the next one lead only when the term is over by its clock. It goes on to lend the instances that
 * run, as the next one releases none of them for a while ({@code EngineRequest}). {@code Replica}
 * asks, and carries out what comes of it.
 *
 * <p><b>Why two never act.</b> Each leader has an epoch, and every change of the state names it:
 * one that another epoch has overtaken is refused, and with it every start, which is written before
 * it is made. Calls of the provider ask {@code Candidacy} first, and so does whoever hands a lease
 * out, as a process that was frozen may have its time behind it. What was under way meanwhile, such
 * as a start, carries the owner's label, and the next leader finds and releases it like any orphan.
 *
 * <p><b>What a change of leader does to instances.</b> The one that leaves waits, within its time,
 * until those are gone that it has ordered to release, detaches the others as they are and closes
 * its provider; then it gives leadership up. The next one starts an engine on the same state, which
 * adopts them, and releases none of them before the drain timeout is over, in which the other
 * replicas tell of their leases.
 *
 * <p><b>How the others serve.</b> A follower has a {@code LeaderLink} to the leader: one session,
 * in which messages arrive once each and in order, whatever becomes of connections. The leader
 * counts each lease of a {@code FollowerSession} as one of its own. {@code OpenLeases} has all
 * leases of a replica; a session begins with them, so the next leader counts them before it is
 * asked for others. A follower that is silent for a term has its leases closed, and their instances
 * are held; requests share a lease ({@code SharedLeases}) for a third of a term at most, counted
 * from the grant, so none begins on a lease that is closed by then.
 *
 * <p><b>What callers see.</b> Deployments are {@code ReplicaDeployment}s, which stay the same while
 * leaders come and go. {@code HeldRequest} decides whom a request for a lease asks: this replica's
 * own engine, or the leader ({@code LeaderLink.acquire}). It is held while nobody leads; where
 * another replica leads that cannot be reached it is refused with {@code NOT_LEADING}. A deployment
 * that the host declares is kept until a leader has taken it ({@code Declarations}).
 */
@NullMarked
package dev.autodeploy.internal.cluster;

import org.jspecify.annotations.NullMarked;
