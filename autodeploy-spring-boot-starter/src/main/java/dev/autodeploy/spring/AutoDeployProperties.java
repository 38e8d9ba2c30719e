package dev.autodeploy.spring;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * The properties below {@code autodeploy}.
 *
 * @param enabled Whether there is an engine.
 * @param provider Where instances run: docker, kubernetes or local; by default docker or
 *     kubernetes, whose module is on the class path, else local.
 * @param owner Name of the engine, which marks its instances.
 * @param stateDirectory Directory that keeps deployments and ledger across restarts.
 * @param idleTimeout How long an instance without requests lives, or never.
 * @param pricePerHour Price of an instance, such as 0.49 USD.
 * @param budget Money or GPU time that all deployments may spend together; any amount by default.
 * @param maxInstances How many instances all deployments may have together; any number by default.
 * @param hostMemoryBytes How much memory their instances may have together; any amount by default.
 * @param drainTimeout How long open leases may last when the engine closes.
 * @param releaseTimeout How long a release may take when the engine closes.
 * @param keepInstancesOnClose Whether instances are left running for the next start.
 * @param deploymentsFile File that declares deployments, in YAML or JSON.
 * @param watchDeploymentsFile How often that file is looked at for changes; never by default.
 * @param cluster Several replicas of the application.
 * @param kubernetes Instances in a Kubernetes cluster.
 * @param deployments Deployments by name.
 * @param links Settings of the service links.
 * @param page Settings of the page.
 */
@ConfigurationProperties(AutoDeployProperties.PREFIX)
record AutoDeployProperties(
    @DefaultValue("true") boolean enabled,
    @Nullable String provider,
    @Nullable String owner,
    @Nullable Path stateDirectory,
    @Nullable String idleTimeout,
    @Nullable String pricePerHour,
    DeploymentProperties.@Nullable Spending budget,
    @Nullable Integer maxInstances,
    @Nullable DataSize hostMemoryBytes,
    @Nullable Duration drainTimeout,
    @Nullable Duration releaseTimeout,
    @Nullable Boolean keepInstancesOnClose,
    @Nullable Path deploymentsFile,
    @Nullable Duration watchDeploymentsFile,
    @DefaultValue Cluster cluster,
    @DefaultValue Kubernetes kubernetes,
    @DefaultValue Map<String, DeploymentProperties> deployments,
    @DefaultValue Links links,
    @DefaultValue Page page) {

  static final String PREFIX = "autodeploy";

  /**
   * The properties below {@code autodeploy.cluster}.
   *
   * @param enabled Whether this application runs in several replicas, of which one leads.
   * @param name Name of the election and the state in the database; by default the owner.
   * @param createTables Whether tables that are missing are made.
   * @param listen Address on which this replica answers the others, such as 0.0.0.0:7070; without
   *     it a replica that does not lead stands by.
   * @param advertise Address at which the other replicas reach this one, such as
   *     http://10.0.0.5:7070.
   * @param secret Secret by which the replicas know each other; by default one that is made once
   *     and kept in the database.
   * @param term How long a leader leads without renewal.
   */
  record Cluster(
      @DefaultValue("false") boolean enabled,
      @Nullable String name,
      @DefaultValue("true") boolean createTables,
      @Nullable String listen,
      @Nullable URI advertise,
      @Nullable String secret,
      @Nullable Duration term) {

    /** Leaves the secret out. */
    @Override
    public String toString() {
      return "Cluster[enabled=" + enabled + ", name=" + name + ", listen=" + listen + "]";
    }
  }

  /**
   * The properties below {@code autodeploy.kubernetes}.
   *
   * @param scaling Deployments of the cluster that somebody else owns, as namespace/deployment, by
   *     the names of deployments whose instances are their pods.
   */
  record Kubernetes(@DefaultValue Map<String, String> scaling) {}

  /**
   * The properties below {@code autodeploy.links}.
   *
   * @param enabled Whether links are served at /d/ on the application's port.
   * @param sandbox Whether pages of instances get an origin of their own, so that they cannot act
   *     on the application in a user's name.
   * @param everybody Whether everybody who reaches the application may use links that have no
   *     token; the application's own security decides.
   * @param bearerTokens Tokens by deployment, or * for all.
   * @param publicUrl Address that links begin with for others.
   * @param allowedHosts Further hosts that links are served under.
   * @param allowedOrigins Origins of pages that may use links.
   * @param maxWait How long a request is held at most.
   * @param maxPendingTotal How many requests are held at most.
   * @param responseTimeout How long an instance may be silent.
   * @param stallTimeout How long a client may neither send nor take a byte.
   * @param drainTimeout How long requests may finish when the application stops.
   * @param maxRequestBodyBytes How many bytes the body of a request may have.
   * @param waitingPage Whether browsers get a page while an instance starts.
   * @param trustForwardedHeaders Whether X-Forwarded-* of requests are passed on.
   * @param models One address for all models.
   */
  record Links(
      @DefaultValue("true") boolean enabled,
      @DefaultValue("true") boolean sandbox,
      @DefaultValue("false") boolean everybody,
      @DefaultValue Map<String, String> bearerTokens,
      @Nullable URI publicUrl,
      @DefaultValue List<String> allowedHosts,
      @DefaultValue List<String> allowedOrigins,
      @Nullable Duration maxWait,
      @Nullable Integer maxPendingTotal,
      @Nullable Duration responseTimeout,
      @Nullable Duration stallTimeout,
      @Nullable Duration drainTimeout,
      @Nullable Long maxRequestBodyBytes,
      @DefaultValue("false") boolean waitingPage,
      @DefaultValue("false") boolean trustForwardedHeaders,
      @DefaultValue Models models) {}

  /**
   * The properties below {@code autodeploy.links.models}.
   *
   * @param enabled Whether all models have one address, at /v1/ and /api/ on the application's
   *     port.
   * @param names Deployments by the names of models, in which * stands for any text.
   * @param otherwise Deployment of requests whose model is unknown or not named.
   * @param sendAs Names under which deployments know their models, by deployment.
   */
  record Models(
      @DefaultValue("false") boolean enabled,
      @DefaultValue Map<String, String> names,
      @Nullable String otherwise,
      @DefaultValue Map<String, String> sendAs) {}

  /**
   * The properties below {@code autodeploy.page}.
   *
   * @param enabled Whether the page is served.
   * @param path Path of the page.
   * @param actions Whether the page may change something.
   * @param allowedHosts Hosts that the page is served under, beside those of this machine.
   */
  record Page(
      @DefaultValue("true") boolean enabled,
      @DefaultValue("/autodeploy") String path,
      @DefaultValue("false") boolean actions,
      @DefaultValue List<String> allowedHosts) {}
}
