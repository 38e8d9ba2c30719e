package dev.autodeploy.console;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.autodeploy.internal.document.ProblemType;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Signing in and out, and the sessions between the two. Thread-safe. */
final class SignInApi {
  private static final String BEARER = "Bearer ";

  /** Each check takes 19 MiB and some 50 ms of a core, and comes from somebody unknown. */
  private static final int CHECKS_AT_ONCE = 2;

  private static final int LONGEST_NAME = 64;
  private static final int LONGEST_PASSWORD = 1024;

  private final SignIn signIn;
  private final AuditLog audit;
  private final Sessions sessions;
  private final SignInThrottle throttle;
  private final PasswordHash decoy;
  private final Semaphore checks = new Semaphore(CHECKS_AT_ONCE);

  SignInApi(SignIn signIn, AuditLog audit, LongSupplier nanoTime) {
    this.signIn = signIn;
    this.audit = audit;
    this.sessions = new Sessions(signIn.idleTimeout(), signIn.maxAge(), nanoTime);
    this.throttle = new SignInThrottle(nanoTime);
    this.decoy = signIn.decoy();
  }

  /**
   * Returns who a request is from, or null if it has no session.
   *
   * @param authorization the value of its {@code Authorization} header
   * @param attended whether the user is there
   */
  @Nullable Caller caller(@Nullable String authorization, String address, boolean attended) {
    if (authorization == null || !authorization.startsWith(BEARER)) {
      return null;
    }
    Sessions.Session session =
        sessions.find(authorization.substring(BEARER.length()).trim(), attended);
    return session == null
        ? null
        : new Caller(session.user(), address, session.role(), session.key());
  }

  /** Begins a session for the user and password of a request, and returns its secret. */
  JsonResponse signIn(Request request, String address) throws IOException {
    ObjectNode body = request.body();
    String user = body.path("user").asText("");
    char[] password = body.path("password").asText("").toCharArray();
    if (user.isEmpty() || user.length() > LONGEST_NAME) {
      throw ProblemException.invalid("user", "user must have 1 to " + LONGEST_NAME + " characters");
    }
    if (password.length == 0 || password.length > LONGEST_PASSWORD) {
      throw ProblemException.invalid(
          "password", "password must have 1 to " + LONGEST_PASSWORD + " characters");
    }
    SignIn.User known = signIn.find(user);
    // A name that nobody has may be a password in the wrong field.
    String shown = known == null ? "(unknown)" : user;
    Duration pause = throttle.pause(user, address);
    if (!pause.isZero()) {
      audit.note(shown, address, "sign-in", "", "", "refused: too many attempts");
      throw tooMany(request, Math.max(1, pause.plusMillis(999).toSeconds()));
    }
    throttle.attempted(user, address);
    PasswordHash hash = known == null ? decoy : known.password();
    boolean right = matches(request, hash, password) && known != null;
    if (!right || known == null) {
      audit.note(shown, address, "sign-in", "", "", "refused: wrong user or password");
      throw new ProblemException(ProblemType.WRONG_PASSWORD, "the user or the password is wrong");
    }
    throttle.succeeded(user, address);
    audit.note(user, address, "sign-in", "", "", "done");
    ObjectNode json = ConsoleJson.object();
    json.put("session", sessions.begin(user, known.role()));
    return JsonResponse.json(200, json);
  }

  private boolean matches(Request request, PasswordHash hash, char[] password) {
    boolean free = false;
    try {
      free = checks.tryAcquire(5, TimeUnit.SECONDS);
      if (!free) {
        throw tooMany(request, 5);
      }
      return hash.matches(password);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ProblemException(ProblemType.SHUTTING_DOWN, "the console is being closed");
    } finally {
      if (free) {
        checks.release();
      }
    }
  }

  private static ProblemException tooMany(Request request, long seconds) {
    request.exchange().getResponseHeaders().set("Retry-After", String.valueOf(seconds));
    return new ProblemException(
        ProblemType.TOO_MANY_ATTEMPTS,
        "there were too many attempts to sign in; try again in " + seconds + " s");
  }

  JsonResponse signOut(Caller caller) {
    String key = caller.session();
    if (key != null) {
      sessions.end(key);
      audit.note(caller.user(), caller.address(), "sign-out", "", "", "done");
    }
    return JsonResponse.empty(204);
  }

  /** Forgets the sessions that are over. */
  void expire() {
    for (Sessions.Session session : sessions.expire()) {
      audit.note(session.user(), "", "sign-out", "", "", "session expired");
    }
  }

  boolean isOpen(String session) {
    return sessions.isOpen(session);
  }
}
