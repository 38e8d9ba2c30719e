package dev.autodeploy.proxy.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/** The page on which people sign in to a link with its token, and sign out. */
final class SignInPage {
  /** The path of the page, below the link. */
  static final String PATH = "/-/sign-in";

  /**
   * The token goes in a field that no page of another site can set: a form could be sent by any.
   */
  private static final String SCRIPT =
      """
      const form = document.forms[0], said = document.querySelector('[role=status]');
      const at = form.dataset.at;
      form.addEventListener('submit', async event => {
        event.preventDefault();
        said.textContent = '';
        const out = event.submitter && event.submitter.name === 'out';
        try {
          const answer = await fetch(at, out ? {method: 'DELETE'} : {
            method: 'POST',
            headers: {Authorization: 'Basic ' + btoa(':' + form.token.value)}
          });
          if (answer.ok && !out && location.pathname === at) {
            location.replace(at.slice(0, -'-/sign-in'.length));
          } else if (answer.ok) {
            location.reload();
          } else {
            said.textContent = answer.status === 429
              ? 'Too many tries. Wait a minute.' : 'This token does not open the link.';
          }
        } catch (error) {
          said.textContent = 'It did not work: ' + error.message;
        }
      });
      """;

  private static final String POLICY =
      "default-src 'none'; style-src 'unsafe-inline'; connect-src 'self'; form-action 'none';"
          + " base-uri 'none'; frame-ancestors 'none'; script-src '"
          + hash()
          + "'";

  private SignInPage() {}

  private static String hash() {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(SCRIPT.getBytes(UTF_8));
      return "sha256-" + Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /**
   * Returns the page.
   *
   * @param status the status code
   * @param link the address of the link
   * @param deployment the name that the link holds
   * @param signedIn whether its reader is signed in
   */
  static LinkResponse response(int status, LinkAddress link, String deployment, boolean signedIn) {
    HttpHeaders headers =
        new HttpHeaders()
            .add("Cache-Control", "no-store")
            .add("X-Frame-Options", "DENY")
            .add("X-Content-Type-Options", "nosniff")
            .add("Referrer-Policy", "same-origin")
            .add("Content-Security-Policy", POLICY);
    if (status == 401) {
      headers.add("WWW-Authenticate", "Bearer realm=\"autodeploy\"");
    }
    String name = WaitingPage.escape(deployment);
    String base = WaitingPage.escape(link.prefix());
    String form =
        signedIn
            ? "<p>You are signed in.</p><p><a href=\"%s/\">Open it</a></p><p><button name=\"out\">Sign"
                    .formatted(base)
                + " out</button></p>"
            : "<p><label>Token <input name=\"token\" type=\"password\" required autofocus"
                + " autocomplete=\"current-password\"></label> <button>Sign in</button></p>";
    return LinkResponse.text(
        status,
        headers,
        "text/html; charset=utf-8",
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Sign in to "
            + name
            + "</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:36em;"
            + "margin:15vh auto;padding:0 1em;color:#222}input,button{font:inherit}</style></head>"
            + "<body><h1>"
            + name
            + "</h1><form data-at=\""
            + base
            + PATH
            + "\">"
            + form
            + "<p role=\"status\"></p></form><noscript>Signing in needs JavaScript.</noscript>"
            + "<script>"
            + SCRIPT
            + "</script></body></html>\n");
  }
}
