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
  private final LinkCall call;
  private final ResponseHeaders heads;
  private final LinkView view;
  private final LastAnswers.@Nullable Recording recording;

  /**
   * Creates what composes the response to one request, once there is an instance for it.
   *
   * @param services recognizes instances that refuse the link's host
   * @param exchange the exchange
   * @param call the request
   * @param heads composes the head
   * @param view the addresses of link and instance
   */
  ClientResponse(
      LinkServices services,
      Exchange exchange,
      LinkCall call,
      ResponseHeaders heads,
      LinkView view) {
    this.refusals = services.refusals();
    this.exchange = exchange;
    this.call = call;
    this.heads = heads;
    this.view = view;
    this.recording = call.use().recording();
  }

  /**
   * Returns the beginning of the response.
   *
   * @param granted the lease of the instance
   * @param borrowed whether the lease does not keep the instance
   * @param code the status code
   * @param received the instance's fields
   * @return the beginning, or null if the instance's cannot be passed on
   */
  Relay.@Nullable ResponseStart start(
      Lease granted, boolean borrowed, int code, HttpHeaders received) {
    Relay.ResponseStart start = heads.start(granted, view, code, received);
    if (start == null) {
      return null;
    }
    if (exchange.passesTrailers()) {
      TrailerRules.announceToClient(received, start.headers());
    }
    String hint = refusals.hint(call.deployment().name(), view.host(), code);
    if (hint != null) {
      start.headers().set("AutoDeploy-Hint", hint);
    }
    StickyRules.Caller caller = call.caller();
    String cookie =
        caller == null || borrowed ? null : caller.served(granted.instanceId(), view.link());
    if (cookie != null) {
      start.headers().add("Set-Cookie", cookie);
    }
    return recording == null
        ? start
        : new Relay.ResponseStart(
            start.headers(), start.withoutBody(), recording.begin(code, received, start.headers()));
  }

  /** Returns the head for the client of what an instance says before its response. */
  @Nullable HttpHeaders interim(HttpHeaders received) {
    return HeaderRules.toClient(received, call.route(), LinkMapping.of(view));
  }

  /** The whole response went to the client. */
  void complete() {
    if (recording != null) {
      recording.complete();
    }
  }
}
