package dev.autodeploy.proxy.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.autodeploy.internal.document.ProblemType;
import dev.autodeploy.spi.Ticker;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An exchange whose response is kept with a ticket. */
final class TicketExchange extends DetachedExchange {
  private static final Logger LOG = LoggerFactory.getLogger(TicketExchange.class);

  private final Ticket ticket;
  private final Ticker ticker;

  TicketExchange(
      Gateway gateway,
      RequestHead head,
      byte[] body,
      Executor workers,
      Ticket ticket,
      Ticker ticker) {
    super(gateway, head, body, workers);
    this.ticket = ticket;
    this.ticker = ticker;
    ticket.exchange(this);
  }

  @Override
  public OutputStream respond(int status, HttpHeaders fields, long length) {
    ticket.answered(status, fields);
    return ticket.body();
  }

  @Override
  public void breakTransfer() {
    // Nothing here waits for a client.
  }

  @Override
  public long transferringSince() {
    return 0;
  }

  @Override
  public long clientNanos() {
    return 0;
  }

  @Override
  public void complete() {
    try {
      ticket.body().close();
    } catch (IOException e) {
      LOG.warn("The answer of a ticket could not be kept", e);
      abort();
      return;
    }
    ticket.complete(ticker.read());
  }

  /** Notes that what is kept is not the whole answer: whoever asks gets an error in its place. */
  @Override
  public void abort() {
    Problem problem =
        Problem.of(
                ProblemType.INSTANCE_BROKE_EXCHANGE,
                "the answer broke off, or is too long to be kept with a ticket")
            .about(ticket.deployment());
    try {
      ticket.body().restart();
      ticket.body().write(problem.json().getBytes(UTF_8));
    } catch (IOException e) {
      LOG.debug("A ticket was deleted before its answer came", e);
    }
    HttpHeaders fields = new HttpHeaders().add("Content-Type", "application/problem+json");
    ticket.answered(problem.status(), fields);
    ticket.complete(ticker.read());
  }

  @Override
  public void abandon() {
    abort();
  }
}
