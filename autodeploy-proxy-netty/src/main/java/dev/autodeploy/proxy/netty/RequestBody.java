package dev.autodeploy.proxy.netty;

import dev.autodeploy.proxy.gateway.BodyPace;
import dev.autodeploy.proxy.gateway.BodyPrefix;
import dev.autodeploy.proxy.gateway.HttpHeaders;
import dev.autodeploy.proxy.gateway.Relay;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The body of a request between the client's connection and the instance's. Used on one loop. */
final class RequestBody {
  private static final int MAX_QUEUED = 64 * 1024;

  /** The first bytes mostly have what is looked for; they are there however full it is. */
  private static final int FREE = 8 * 1024;

  /** The bytes that the fields behind a body may have, which mostly are a checksum. */
  private static final int MAX_TRAILERS = 4 * 1024;

  private final WaitingBytes queue = new WaitingBytes();
  private final long limit;
  private final BodyPace pace;
  private final ReadAhead readAhead;
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
  private @Nullable BodyPrefix prefix;
  private @Nullable Consumer<Relay.@Nullable Cause> whenPeeked;

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
    return queue.bytes();
  }

  /** Returns whether somebody looks at the beginning, for which all of that has to come. */
  boolean isPeeked() {
    return whenPeeked != null;
  }

  /** Returns whether there is nobody yet who takes it. */
  boolean isHeld() {
    return sink == null && whenPeeked == null && !discarded;
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

  /** Lets somebody look at the beginning, which stays in the queue. */
  void peek(BodyPrefix wanted, Consumer<Relay.@Nullable Cause> next) {
    prefix = wanted;
    whenPeeked = next;
    queue.forEach(piece -> show(wanted, piece));
    drain();
  }

  private static void show(BodyPrefix to, ByteBuf piece) {
    int count = Math.min(piece.readableBytes(), to.room());
    if (!to.isDone() && count > 0) {
      byte[] bytes = new byte[count];
      piece.getBytes(piece.readerIndex(), bytes);
      to.add(bytes, 0, count);
    }
  }

  /** Ends the look at the beginning when it has seen enough, or when there is no more to see. */
  private void endOfPeeking() {
    BodyPrefix shown = prefix;
    Consumer<Relay.@Nullable Cause> next = whenPeeked;
    if (shown == null || next == null) {
      return;
    }
    boolean broken = discarded || failure != null;
    if (!broken && (complete || (queued() >= FREE && readAhead.isUsedUp()))) {
      shown.end(complete);
    }
    if (broken || shown.isDone()) {
      prefix = null;
      whenPeeked = null;
      next.accept(!broken ? null : cause == null ? Relay.Cause.BODY_BROKEN : cause);
    }
  }

  /** Replaces some bytes of what is in the queue. */
  void replace(int from, int to, byte[] by) {
    int end = 0;
    CompositeByteBuf all = Unpooled.compositeBuffer(Integer.MAX_VALUE);
    for (ByteBuf piece = queue.poll(); piece != null; piece = end < to ? queue.poll() : null) {
      end += piece.readableBytes();
      all.addComponent(true, piece);
    }
    if (end < to) {
      all.release();
      return; // dropped, as the client has left
    }
    ByteBuf behind = all.retainedSlice(to, end - to);
    ByteBuf before = all.retainedSlice(0, from);
    all.release();
    queue.addFirst(behind);
    queue.addFirst(Unpooled.wrappedBuffer(by));
    queue.addFirst(before);
    readAhead.add(by.length - (to - from));
  }

  private void endOfReading() {
    Consumer<Relay.@Nullable Cause> next = whenRead;
    // Where there is no memory for the rest, it is read as an instance takes it.
    if (next != null && (complete || failure != null || isFull())) {
      whenRead = null;
      next.accept(failure == null ? null : cause);
    }
  }

  /** Notes whether the client is waited for. */
  private void await(int came) {
    boolean wanted =
        whenRead != null
            || whenPeeked != null
            || (sink != null && sink.isReady() && queue.isEmpty());
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
    readAhead.add(came);
    BodyPrefix shown = prefix;
    if (shown != null) {
      show(shown, piece);
    }
    hand();
    queue.settle();
    await(came);
  }

  void complete() {
    complete(NettyExchange.NO_TRAILERS);
  }

  void complete(HttpHeaders behind) {
    if (size(behind) > MAX_TRAILERS) { // they wait with it, and nobody counts them
      fail(Relay.Cause.BODY_BROKEN, new IOException("the fields behind the body are too large"));
      return;
    }
    trailers = behind;
    complete = true;
    drain();
  }

  private static long size(HttpHeaders fields) {
    long size = 0;
    for (int i = 0; i < fields.size(); i++) {
      size += fields.name(i).length() + fields.value(i).length();
    }
    return size;
  }

  /** Returns whether no more may be read for now: too much waits, here or in all. */
  boolean isFull() {
    long queued = queued();
    return whenPeeked == null && (queued > MAX_QUEUED || (queued > 0 && readAhead.isUsedUp()));
  }

  /** Returns whether reading may go on. */
  boolean hasRoom() {
    long queued = queued();
    return whenPeeked != null
        || (whenRead != null && !isFull())
        || (queued <= MAX_QUEUED / 2 && (queued == 0 || !readAhead.isUsedUp()));
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
    endOfPeeking();
    endOfReading();
    for (Sink to = sink; to != null && to.isReady(); to = sink) { // a piece may detach it
      ByteBuf piece = queue.poll();
      if (piece == null) {
        endOf(to);
        return;
      }
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

  /** Forgets what was taken, which is not needed again. */
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
    endOfPeeking();
    readAhead.add(-queued());
    queue.drop();
  }
}
