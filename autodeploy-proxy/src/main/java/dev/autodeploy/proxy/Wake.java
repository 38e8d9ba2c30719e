package dev.autodeploy.proxy;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The requests that a {@link WakeRule} is for, from which the rule is made. Ready-made rules are
 * static methods. Immutable.
 */
public final class Wake {
  private static final Duration MAX_AGE = Duration.ofDays(1);
  private static final int MAX_BYTES = 256 * 1024;

  private static final String MONITORS =
      "(?i)uptimerobot|pingdom|statuscake|better ?(uptime|stack)|site24x7|hetrixtools|uptime-kuma"
          + "|updown\\.io|freshping|checkly|kube-probe|googlehc|elb-healthchecker|haproxy"
          + "|consul health check|prometheus|blackbox|datadog|newrelicpinger|nagios|check_http"
          + "|icinga|zabbix|cloudflare-healthchecks|amazon-route53-health-check|gatus";

  private static final String CRAWLERS =
      "(?i)googlebot|google-inspectiontool|bingbot|bingpreview|duckduckbot|yandex(bot|images)"
          + "|baiduspider|applebot|petalbot|bytespider|amazonbot|ccbot|gptbot|oai-searchbot"
          + "|chatgpt-user|claudebot|claude-searchbot|perplexitybot|meta-externalagent|semrushbot"
          + "|ahrefsbot|mj12bot|dotbot|dataforseobot|facebookexternalhit|twitterbot|slackbot"
          + "|discordbot|telegrambot|whatsapp/|linkedinbot|skypeuripreview|ia_archiver"
          + "|censysinspect|expanse|zgrab|internet-measurement";

  private final Predicate<LinkRequest> matcher;

  private Wake(Predicate<LinkRequest> matcher) {
    this.matcher = requireNonNull(matcher, "matcher");
  }

  // The requests.

  /**
   * Returns the requests for certain paths.
   *
   * @param paths the paths below the link, such as {@code /health}, exactly as they are requested;
   *     with {@code /*} at the end also all below, as {@code /heartbeat/*}
   * @return the requests
   */
  public static Wake on(String... paths) {
    List<String> exact = new ArrayList<>();
    List<String> below = new ArrayList<>();
    for (String path : paths) {
      if (!path.startsWith("/") || path.indexOf('?') >= 0) {
        throw new IllegalArgumentException(
            "paths must begin with '/' and have no query, but one was '" + path + "'");
      }
      if (path.endsWith("/*")) {
        exact.add(path.substring(0, path.length() - 2));
        below.add(path.substring(0, path.length() - 1));
      } else {
        exact.add(path);
      }
    }
    if (exact.isEmpty()) {
      throw new IllegalArgumentException("there must be at least one path");
    }
    Set<String> names = Set.copyOf(exact);
    List<String> beginnings = List.copyOf(below);
    return new Wake(
        request ->
            names.contains(request.path())
                || beginnings.stream().anyMatch(request.path()::startsWith));
  }

  /**
   * Returns the requests that a check of the host application picks.
   *
   * @param check the check, which may be called by several threads at once
   * @return the requests
   */
  public static Wake when(Predicate<LinkRequest> check) {
    return new Wake(check);
  }

  /**
   * Returns those of these requests that have one of certain methods.
   *
   * @param methods the methods, in capitals
   * @return the requests
   */
  public Wake methods(String... methods) {
    Set<String> all = Set.of(methods);
    return new Wake(matcher.and(request -> all.contains(request.method())));
  }

  /**
   * Returns those of these requests whose client calls itself by a certain name.
   *
   * @param regex matches some part of the {@code User-Agent}, such as {@code "(?i)bot|uptime"}; a
   *     search that takes too many steps, as of {@code (a+)+b}, counts as none
   * @return the requests
   * @throws IllegalArgumentException if the expression is not valid, or repeats a group too often
   */
  public Wake userAgents(String regex) {
    return new Wake(matcher.and(new UserAgents(regex)));
  }

  // What becomes of them.

  /**
   * Makes the link answer with the deployment's status, also while an instance runs.
   *
   * @return the rule
   */
  public WakeRule answerStatus() {
    return new WakeRule(matcher, new WakeRule.AnswerStatus(false));
  }

  /**
   * Makes the link answer with the deployment's status while no instance is ready.
   *
   * @return the rule
   */
  public WakeRule answerStatusWhileAsleep() {
    return new WakeRule(matcher, new WakeRule.AnswerStatus(true));
  }

  /**
   * Makes the link give a fixed answer, also while an instance runs.
   *
   * @param status the status code
   * @param headers the header fields, such as {@code Content-Type}
   * @param body the body
   * @return the rule
   */
  public WakeRule answer(int status, Map<String, String> headers, String body) {
    return new WakeRule(matcher, new WakeRule.Answer(status, headers, body, false));
  }

  /**
   * Makes the link give a fixed answer while no instance is ready.
   *
   * @param status the status code
   * @param headers the header fields, such as {@code Content-Type}
   * @param body the body
   * @return the rule
   */
  public WakeRule answerWhileAsleep(int status, Map<String, String> headers, String body) {
    return new WakeRule(matcher, new WakeRule.Answer(status, headers, body, true));
  }

  /**
   * Makes the link give the last good answer (200, to GET) of an instance while none is ready.
   * While one runs it answers itself, and is not kept by that. Until there is an answer to give,
   * these requests start an instance.
   *
   * @param maxAge how old the answer may be, longer than 0
   * @param maxBytes how long its body may be, 1 byte to 16 MiB
   * @return the rule
   */
  public WakeRule lastAnswer(Duration maxAge, int maxBytes) {
    return new WakeRule(matcher, new WakeRule.LastAnswer(maxAge, maxBytes));
  }

  /**
   * Passes the requests on while an instance is ready or starting, as use like any other, and
   * refuses them while none is.
   *
   * @param status the status code of the refusal, such as 503
   * @return the rule
   */
  public WakeRule doNotWake(int status) {
    return new WakeRule(matcher, new WakeRule.DoNotWake(status));
  }

  /**
   * Passes the requests on while an instance is ready, without keeping it: they do not count as
   * use, take no place of its concurrency, and their answers end when the instance is released.
   * While none is ready they are refused.
   *
   * @param status the status code of the refusal, such as 503
   * @return the rule
   */
  public WakeRule doNotKeep(int status) {
    return new WakeRule(matcher, new WakeRule.DoNotKeep(status));
  }

  // Ready-made.

  /**
   * Returns the rule for paths that never wake and never keep: the link answers with the
   * deployment's status.
   *
   * @param paths see {@link #on}
   * @return the rule
   */
  public static WakeRule never(String... paths) {
    return on(paths).answerStatus();
  }

  /**
   * Returns the rule for paths whose last good answer is given while no instance is ready: up to a
   * day old and 256 KiB long.
   *
   * @param paths see {@link #on}
   * @return the rule
   */
  public static WakeRule lastAnswer(String... paths) {
    return on(paths).methods("GET", "HEAD").lastAnswer(MAX_AGE, MAX_BYTES);
  }

  /**
   * Returns the rule for standing exchanges, such as streams of notices, long polls and heartbeats:
   * they pass while an instance is ready and do not keep it. Otherwise they get 503.
   *
   * @param paths see {@link #on}
   * @return the rule
   */
  public static WakeRule notKept(String... paths) {
    return on(paths).doNotKeep(503);
  }

  /**
   * Returns the rule for well-known monitors, by what they call themselves: the link answers with
   * the deployment's status.
   *
   * @return the rule
   */
  public static WakeRule monitors() {
    return when(request -> true).userAgents(MONITORS).answerStatus();
  }

  /**
   * Returns the rule for well-known crawlers and makers of previews, by what they call themselves:
   * the link answers with the deployment's status.
   *
   * @return the rule
   */
  public static WakeRule crawlers() {
    return when(request -> true).userAgents(CRAWLERS).answerStatus();
  }
}
