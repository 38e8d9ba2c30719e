package dev.autodeploy.proxy.gateway;

import org.jspecify.annotations.Nullable;

/**
 * A page for somebody who followed a link from another site: it asks before it wakes anything, as
 * that site can follow the link by itself.
 */
final class CrossSitePage {
  private CrossSitePage() {}

  /** Returns whether the request opens a page in a tab of its own. */
  static boolean wanted(RequestHead head) {
    return WaitingPage.wanted(head) && "document".equals(head.headers().first("Sec-Fetch-Dest"));
  }

  static LinkResponse response(RequestHead head, @Nullable String deployment) {
    HttpHeaders headers =
        new HttpHeaders()
            .add("Cache-Control", "no-store")
            .add("X-Frame-Options", "DENY")
            .add(
                "Content-Security-Policy",
                "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    String name = WaitingPage.escape(deployment == null ? "the status" : deployment);
    String html =
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Open "
            + name
            + "?</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:36em;"
            + "margin:15vh auto;padding:0 1em;color:#222}</style></head><body><h1>Open "
            + name
            + "?</h1><p>Another site leads here. Opening it may start an instance, which costs money.</p>"
            + "<p><a href=\""
            + WaitingPage.escape(head.target())
            + "\">Open it</a></p></body></html>\n";
    return LinkResponse.text(403, headers, "text/html; charset=utf-8", html);
  }
}
