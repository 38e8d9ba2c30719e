package dev.autodeploy.servlet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.autodeploy.proxy.AccessCheck;
import dev.autodeploy.proxy.contract.Await;
import dev.autodeploy.proxy.contract.RawClient;
import dev.autodeploy.proxy.contract.TestEngine;
import dev.autodeploy.proxy.contract.TestInstance;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.security.Principal;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;
import org.apache.catalina.Context;
import org.apache.catalina.Wrapper;
import org.apache.catalina.core.StandardContext;
import org.apache.catalina.startup.Tomcat;
import org.apache.coyote.http2.Http2Protocol;
import org.apache.tomcat.util.descriptor.web.FilterDef;
import org.apache.tomcat.util.descriptor.web.FilterMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class AutoDeployServletTest {
  private static final String GET = "GET /d/app/ HTTP/1.1\r\nHost: localhost\r\n\r\n";

  @TempDir Path directory;
  private final TestEngine engine = new Engine();
  private final Tomcat tomcat = new Tomcat();
  private Context context;

  private static final class Engine extends TestEngine {
    Engine() {
      super(AutoDeployServletTest::redirect);
    }
  }

  /** Answers "x", and below /x with a redirect to a page of its own, and what it was told. */
  private static void redirect(TestInstance.Request request, OutputStream out) throws IOException {
    if (request.target.startsWith("/told")) {
      String told =
          request.target + " " + request.field("Authorization") + " " + request.field("Cookie");
      TestInstance.App.text(told).respond(request, out);
      return;
    }
    if (!request.target.startsWith("/x")) {
      TestInstance.App.text("x").respond(request, out);
      return;
    }
    String body = request.target + " " + request.field("X-Forwarded-Prefix");
    TestInstance.write(
        out,
        "HTTP/1.1 302 Found\r\nLocation: /login\r\nSet-Cookie: s=1; Path=/\r\n"
            + "Content-Length: "
            + body.length()
            + "\r\n\r\n"
            + body);
  }

  @BeforeEach
  void prepare() {
    tomcat.setBaseDir(directory.toString());
    tomcat.setPort(0);
    tomcat.setSilent(true);
    tomcat.getConnector().setProperty("address", "127.0.0.1");
    context = tomcat.addContext("", directory.toString());
  }

  @AfterEach
  void stop() throws Exception {
    tomcat.stop();
    tomcat.destroy();
    engine.close();
  }

  private AutoDeployServlet links(Consumer<AutoDeployServlet.Builder> settings) {
    AutoDeployServlet.Builder builder = AutoDeployServlet.builder(engine.engine).port(0);
    settings.accept(builder);
    return builder.start();
  }

  private Wrapper mount(AutoDeployServlet servlet, String... paths) {
    Wrapper wrapper = Tomcat.addServlet(context, "autodeploy", servlet);
    wrapper.setAsyncSupported(true);
    wrapper.setLoadOnStartup(1);
    for (String path : paths) {
      context.addServletMappingDecoded(path, "autodeploy");
    }
    return wrapper;
  }

  private int start() throws Exception {
    tomcat.start();
    return tomcat.getConnector().getLocalPort();
  }

  @Test
  void heldRequests_keepNoThreadOfTheContainer() throws Exception {
    tomcat.getConnector().setProperty("maxThreads", "2");
    AutoDeployServlet servlet = links(links -> {});
    mount(servlet, AutoDeployServlet.mappings());
    Tomcat.addServlet(
        context,
        "other",
        new HttpServlet() {
          private static final long serialVersionUID = 1L;

          @Override
          protected void doGet(HttpServletRequest request, HttpServletResponse response)
              throws IOException {
            response.getOutputStream().print("other");
          }
        });
    context.addServletMappingDecoded("/other", "other");
    int port = start();
    engine.provider.gate = new CompletableFuture<>();

    List<RawClient> held = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      held.add(new RawClient(port).send(GET));
    }
    Await.until("all are held", () -> servlet.held() == 50);
    assertThat(RawClient.get(port, "/other").body).isEqualTo("other");

    engine.provider.gate.complete(null);
    for (RawClient client : held) {
      assertThat(client.response().body).isEqualTo("x");
      client.close();
    }
  }

  @Test
  void refuseHeld_answersThoseThatWait_andServesTheOthers() throws Exception {
    AutoDeployServlet servlet = links(links -> {});
    mount(servlet, AutoDeployServlet.mappings());
    int port = start();
    engine.provider.gate = new CompletableFuture<>();
    try (RawClient held = new RawClient(port).send(GET)) {
      Await.until("it is held", () -> servlet.held() == 1);

      servlet.refuseHeld();

      RawClient.Response response = held.response();
      assertThat(response.status).isEqualTo(503);
      assertThat(response.field("Retry-After")).isNotNull();
    }
    engine.provider.gate.complete(null);
    assertThat(RawClient.get(port, "/d/app/").status).isEqualTo(200);
  }

  @Test
  void serviceLink_namesThePortOfTheContainer() throws Exception {
    AutoDeployServlet servlet = links(links -> {});
    mount(servlet, AutoDeployServlet.mappings());
    int port = start();

    servlet.listeningOn(port);

    assertThat(servlet.serviceLink(engine.app)).hasToString("http://localhost:" + port + "/d/app");
    assertThat(RawClient.get(port, "/-/status").body)
        .contains("http://localhost:" + port + "/d/app");
    assertThat(engine.app.status().instances()).isEmpty();
  }

  @Test
  void contextPath_isPartOfWhatInstancesAndClientsSee() throws Exception {
    context = tomcat.addContext("/shop", directory.toString());
    AutoDeployServlet servlet =
        links(settings -> settings.trustForwardedHeaders(true).access(AccessCheck.everybody()));
    mount(servlet, AutoDeployServlet.mappings());
    int port = start();

    RawClient.Response response = RawClient.get(port, "/shop/d/app/x");

    assertThat(response.body).isEqualTo("/x /shop/d/app");
    assertThat(response.field("Location")).endsWith("/shop/d/app/login");
    assertThat(response.field("Set-Cookie")).contains("Path=/shop/d/app");
    assertThat(servlet.serviceLink(engine.engine.deployment("app")).getPath())
        .isEqualTo("/shop/d/app");

    String outer = "GET /shop/d/app/x HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Prefix: /eu\r\n";
    assertThat(RawClient.ask(port, outer + "\r\n").body).isEqualTo("/x /eu/shop/d/app");
  }

  @Test
  void http2_reachesTheLinkAsTheContainerSpeaksIt() throws Exception {
    tomcat.getConnector().addUpgradeProtocol(new Http2Protocol());
    mount(links(settings -> {}), AutoDeployServlet.mappings());
    int port = start();
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build();

    // Without TLS the client asks for an upgrade with its first request.
    URI uri = URI.create("http://localhost:" + port + "/d/app/");
    HttpResponse<String> first =
        client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
    HttpResponse<String> second =
        client.send(
            HttpRequest.newBuilder(uri)
                .POST(HttpRequest.BodyPublishers.ofString("y".repeat(100_000)))
                .build(),
            HttpResponse.BodyHandlers.ofString());

    assertThat(first.body()).isEqualTo("x");
    assertThat(second.body()).isEqualTo("x");
    assertThat(second.version()).isEqualTo(HttpClient.Version.HTTP_2);
  }

  @Test
  void wrongMapping_isToldAtTheStart() throws Exception {
    mount(links(links -> {}), "/d/*");
    ((StandardContext) context).setFailCtxIfServletStartFails(true);

    int port = start();

    assertThat(context.getState().isAvailable()).isFalse();
    assertThat(RawClient.get(port, "/d/app/").status).isEqualTo(404);
  }

  @Test
  void servletWithoutAsynchronousSupport_isToldAndWakesNothing() throws Exception {
    mount(links(links -> {}), AutoDeployServlet.mappings()).setAsyncSupported(false);

    assertThat(RawClient.get(start(), "/d/app/").status).isEqualTo(500);
    assertThat(engine.app.status().instances()).isEmpty();
  }

  @Test
  void callerElsewhere_withoutARule_isRefusedAndWakesNothing() throws Exception {
    mount(links(links -> {}), AutoDeployServlet.mappings());
    wrapRequests(Elsewhere::new);

    RawClient.Response response = RawClient.get(start(), "/d/app/");

    assertThat(response.status).isEqualTo(401);
    assertThat(response.body).contains("no access rule");
    assertThat(engine.app.status().instances()).isEmpty();
  }

  @Test
  void callerElsewhere_whoIsSignedIn_isServed() throws Exception {
    mount(links(links -> {}), AutoDeployServlet.mappings());
    wrapRequests(
        request ->
            new Elsewhere(request) {
              @Override
              public Principal getUserPrincipal() {
                return () -> "somebody";
              }
            });

    assertThat(RawClient.get(start(), "/d/app/").status).isEqualTo(200);
  }

  @Test
  void callerElsewhere_withARule_isServed() throws Exception {
    mount(links(links -> links.access(AccessCheck.everybody())), AutoDeployServlet.mappings());
    wrapRequests(Elsewhere::new);

    assertThat(RawClient.get(start(), "/d/app/").status).isEqualTo(200);
  }

  private static final String BASIC = "Basic b3BlcmF0b3I6b3BlcmF0b3I=";

  private static HttpServletRequest signedIn(HttpServletRequest request) {
    return new HttpServletRequestWrapper(request) {
      @Override
      public Principal getUserPrincipal() {
        return () -> "operator";
      }
    };
  }

  private String told(int port, String path, String cookie) throws Exception {
    return RawClient.ask(
            port,
            "GET /d/app/told"
                + path
                + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: "
                + BASIC
                + "\r\nCookie: "
                + cookie
                + "\r\n\r\n")
        .body;
  }

  @Test
  void credentialsOfTheApplication_doNotReachInstances() throws Exception {
    mount(links(links -> links.hiddenCookies("stay")), AutoDeployServlet.mappings());
    wrapRequests(AutoDeployServletTest::signedIn);
    int port = start();

    assertThat(told(port, "", "a=1; JSESSIONID=s3cret; b=2; stay=ever"))
        .isEqualTo("/told null a=1; b=2");
    assertThat(told(port, "", "JSESSIONID=s3cret")).isEqualTo("/told null null");
    assertThat(told(port, ";jsessionid=s3cret;v=1?q=2", "c=3")).isEqualTo("/told;v=1?q=2 null c=3");
  }

  @Test
  void sessionsCookie_isHidden_whateverItsNameIs() throws Exception {
    context.setSessionCookieName("SHOP");
    mount(links(links -> {}), AutoDeployServlet.mappings());

    assertThat(told(start(), "", "SHOP=s3cret; other=1")).isEqualTo("/told " + BASIC + " other=1");
  }

  @Test
  void sessionsThatAFilterKeeps_haveTheirCookieHiddenToo() throws Exception {
    mount(links(links -> {}), AutoDeployServlet.mappings());
    wrapRequests(
        request ->
            new HttpServletRequestWrapper(request) {
              @Override
              public String getRequestedSessionId() {
                return "elsewhere";
              }
            });

    assertThat(told(start(), "", "mine=elsewhere; coded=ZWxzZXdoZXJl; other=1"))
        .isEqualTo("/told " + BASIC + " other=1");
  }

  @Test
  void authorization_isForwarded_whereItIsNotTheApplicationsOrIsAskedFor() throws Exception {
    mount(links(links -> links.forwardAuthorization(true)), AutoDeployServlet.mappings());
    wrapRequests(AutoDeployServletTest::signedIn);

    assertThat(told(start(), "", "a=1")).isEqualTo("/told " + BASIC + " a=1");
  }

  /** A request that came in at another address than that of loopback. */
  private static class Elsewhere extends HttpServletRequestWrapper {
    Elsewhere(HttpServletRequest request) {
      super(request);
    }

    @Override
    public String getLocalAddr() {
      return "192.0.2.1";
    }
  }

  private void wrapRequests(UnaryOperator<HttpServletRequest> wrap) {
    FilterDef filter = new FilterDef();
    filter.setFilterName("wrap");
    filter.setFilter(
        (request, response, chain) ->
            chain.doFilter(wrap.apply((HttpServletRequest) request), response));
    filter.setAsyncSupported("true");
    context.addFilterDef(filter);
    FilterMap map = new FilterMap();
    map.setFilterName("wrap");
    map.addURLPattern("/*");
    context.addFilterMap(map);
  }

  @Test
  void bodyThatAFilterHasRead_isToldSo() throws Exception {
    mount(links(links -> {}), AutoDeployServlet.mappings());
    wrapRequests(
        request -> {
          request.getParameter("a");
          return request;
        });

    RawClient.Response response =
        RawClient.ask(
            start(),
            "POST /d/app/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n"
                + "Content-Type: application/x-www-form-urlencoded\r\n\r\na=b");

    assertThat(response.status).isEqualTo(400);
    assertThat(engine.app.status().instances()).isEmpty();
  }

  @Test
  void settingsOfTheContainer_areRefused() throws Exception {
    AutoDeployServlet.Builder builder = AutoDeployServlet.builder(engine.engine);

    assertThatThrownBy(() -> builder.host("127.0.0.1"))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContaining("host is a setting of the servlet container");
    assertThatThrownBy(() -> builder.bind(new InetSocketAddress(0)))
        .isInstanceOf(UnsupportedOperationException.class);
    SSLContext tls = SSLContext.getDefault();
    assertThatThrownBy(() -> builder.sslContext(tls))
        .isInstanceOf(UnsupportedOperationException.class);
  }
}
