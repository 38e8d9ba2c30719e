package dev.autodeploy.proxy.gateway;

import dev.autodeploy.Lease;
import org.jspecify.annotations.Nullable;

/**
 * The composition of the client's response from an instance's: its head, a hint where the instance
 * seems to refuse the link's host, the cookie of a caller that is recognised, and the recording of
 * an answer that is kept.
 */
final class ClientResponse {
  private final HostRefusals refusals;
  private final Exchange exchange;
  private final ResponseHeaders heads;
  private final String deployment;
  private final StickyRules.@Nullable Caller caller;
  private final LastAnswers.@Nullable Recording recording;
  private final LinkAddress link;

  ClientResponse(
      HostRefusals refusals,
      Exchange exchange,
      ResponseHeaders heads,
      LinkCall call,
      LinkAddress link) {
    this.refusals = refusals;
    this.exchange = exchange;
    this.heads = heads;
    this.deployment = call.deployment().name();
    this.caller = call.caller();
    this.recording = call.use().recording();
    this.link = link;
  }

  /**
   * Returns the beginning of the response.
   *
   * @param granted the lease of the instance
   * @param borrowed whether the lease does not keep the instance
   * @param view the addresses of link and instance
   * @param code the status code
   * @param received the instance's fields
   * @return the beginning, or null if the instance's cannot be passed on
   */
  Relay.@Nullable ResponseStart start(
      Lease granted, boolean borrowed, LinkView view, int code, HttpHeaders received) {
    Relay.ResponseStart start = heads.start(granted, view, code, received);
    if (start == null) {
      return null;
    }
    if (exchange.passesTrailers()) {
      TrailerRules.announceToClient(received, start.headers());
    }
    String hint = refusals.hint(deployment, view.host(), code);
    if (hint != null) {
      start.headers().set("AutoDeploy-Hint", hint);
    }
    String cookie = caller == null || borrowed ? null : caller.served(granted.instanceId(), link);
    if (cookie != null) {
      start.headers().add("Set-Cookie", cookie);
    }
    return recording == null
        ? start
        : new Relay.ResponseStart(
            start.headers(), start.withoutBody(), recording.begin(code, received, start.headers()));
  }

  /** Returns the fields of the link's own response to a request that an instance may have had. */
  HttpHeaders ofRefusal(@Nullable Lease granted) {
    HttpHeaders fields = new HttpHeaders();
    if (granted != null) {
      heads.addInstance(fields, granted);
    }
    return fields;
  }

  /** The whole response went to the client. */
  void complete() {
    if (recording != null) {
      recording.complete();
    }
  }

  /** The exchange is over, however it ended. */
  void close() {
    if (recording != null) {
      recording.close();
    }
  }
}
