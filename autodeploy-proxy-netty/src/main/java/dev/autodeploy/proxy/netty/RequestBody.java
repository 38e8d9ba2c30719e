package dev.autodeploy.proxy.netty;

import dev.autodeploy.proxy.gateway.BodyPace;
import dev.autodeploy.proxy.gateway.HttpHeaders;
import dev.autodeploy.proxy.gateway.Relay;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The body of a request between the client's connection and the instance's. Used on one loop. */
final class RequestBody {
  private static final int MAX_QUEUED = 64 * 1024;

  private final Deque<ByteBuf> queue = new ArrayDeque<>();
  private final long limit;
  private final BodyPace pace;
  private final ReadAhead readAhead;
  private long queued;
  private long taken;
  private boolean complete;
  private HttpHeaders trailers = NettyExchange.NO_TRAILERS;
  private boolean discarded;
  private Relay.@Nullable Cause cause;
  private @Nullable IOException failure;
  private @Nullable Sink sink;
  private @Nullable Consumer<Relay.@Nullable Cause> whenRead;
  private boolean awaited;
  private boolean remembers;
  private @Nullable ByteBuf copy;

  /** Takes a body. */
  interface Sink {

    /** Returns whether more may come. */
    boolean isReady();

    /** Takes a piece, which it has to release. */
    void data(ByteBuf piece);

    /** The body is complete, with the fields behind it. */
    void end(HttpHeaders trailers);

    /** The body cannot be read to its end. */
    void failed(Relay.Cause cause, IOException error);
  }

  RequestBody(long limit, BodyPace pace, ReadAhead readAhead) {
    this.limit = limit;
    this.pace = pace;
    this.readAhead = readAhead;
  }

  /** Returns how many bytes wait to be taken. */
  long queued() {
    return queued;
  }

  /** Returns whether the client has sent all of it. */
  boolean isComplete() {
    return complete;
  }

  /** Returns whether some of it was taken, so that it cannot be sent again. */
  boolean isTaken() {
    return taken > 0;
  }

  /** Returns the pace at which the body arrives. */
  BodyPace pace() {
    return pace;
  }

  /** Continues when all of a small body is there, or it cannot be read. */
  void whenRead(Consumer<Relay.@Nullable Cause> next) {
    whenRead = next;
    drain();
  }

  private void endOfReading() {
    Consumer<Relay.@Nullable Cause> next = whenRead;
    if (next != null && (complete || failure != null)) {
      whenRead = null;
      next.accept(complete ? null : cause);
    }
  }

  /** Notes whether the client is waited for. */
  private void await(int came) {
    boolean wanted = whenRead != null || (sink != null && sink.isReady() && queue.isEmpty());
    if (awaited) {
      awaited = false;
      pace.end(came);
    }
    if (wanted && !complete && failure == null && !discarded) {
      awaited = true;
      pace.begin();
    }
  }

  void add(ByteBuf piece) {
    if (discarded || failure != null || !piece.isReadable()) {
      piece.release();
      return;
    }
    int came = piece.readableBytes();
    queue.add(piece);
    queued += came;
    readAhead.add(came);
    hand();
    await(came);
  }

  void complete() {
    complete(NettyExchange.NO_TRAILERS);
  }

  void complete(HttpHeaders behind) {
    trailers = behind;
    complete = true;
    drain();
  }

  /** Returns whether no more may be read for now: too much waits, here or in all. */
  boolean isFull() {
    return queued > MAX_QUEUED || (queued > 0 && readAhead.isUsedUp());
  }

  /** Returns whether reading may go on. */
  boolean hasRoom() {
    return queued <= MAX_QUEUED / 2 && (queued == 0 || !readAhead.isUsedUp());
  }

  void fail(Relay.Cause kind, IOException error) {
    if (failure == null && !complete) {
      cause = kind;
      failure = error;
      drain();
    }
  }

  /** Hands the body to its consumer. */
  void attach(Sink to) {
    sink = to;
    drain();
  }

  void detach() {
    sink = null;
  }

  /** Hands on what can be taken. */
  void drain() {
    hand();
    await(0);
  }

  private void hand() {
    endOfReading();
    for (Sink to = sink; to != null && to.isReady(); to = sink) { // a piece may detach it
      ByteBuf piece = queue.poll();
      if (piece == null) {
        endOf(to);
        return;
      }
      queued -= piece.readableBytes();
      readAhead.add(-piece.readableBytes());
      taken += piece.readableBytes();
      if (taken > limit) {
        piece.release();
        sink = null;
        to.failed(
            Relay.Cause.BODY_TOO_LARGE,
            new IOException("the body is longer than " + limit + " bytes"));
        return;
      }
      note(piece);
      to.data(piece);
    }
  }

  /** From now on keeps a copy of what is taken, up to a size, so that it can be sent again. */
  void remember() {
    remembers = taken == 0;
  }

  private void note(ByteBuf piece) {
    if (!remembers) {
      return;
    }
    int more = piece.readableBytes();
    if (taken > MAX_QUEUED || readAhead.isUsedUp()) {
      forget();
      return;
    }
    ByteBuf known = copy;
    if (known == null) {
      known = piece.alloc().buffer(more);
      copy = known;
    }
    known.writeBytes(piece, piece.readerIndex(), more);
    readAhead.add(more);
  }

  /** What was taken is not needed again. */
  void forget() {
    ByteBuf known = copy;
    remembers = false;
    copy = null;
    if (known != null) {
      readAhead.add(-known.readableBytes());
      known.release();
    }
  }

  /** Puts back what was taken; returns false if that is no longer there. */
  boolean rewind() {
    ByteBuf known = copy;
    if (discarded || failure != null || (known == null && taken > 0)) {
      return false;
    }
    detach();
    copy = null;
    taken = 0;
    if (known != null) {
      queue.addFirst(known);
      queued += known.readableBytes();
    }
    return true;
  }

  private void endOf(Sink to) {
    IOException error = failure;
    if (error != null) {
      sink = null;
      to.failed(cause == null ? Relay.Cause.BODY_BROKEN : cause, error);
    } else if (complete) {
      sink = null;
      to.end(trailers);
    }
  }

  /** Drops what is there and what comes. */
  void discard() {
    discarded = true;
    sink = null;
    forget();
    await(0);
    for (ByteBuf piece = queue.poll(); piece != null; piece = queue.poll()) {
      piece.release();
    }
    readAhead.add(-queued);
    queued = 0;
  }
}
