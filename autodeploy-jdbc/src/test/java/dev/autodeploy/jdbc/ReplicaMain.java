package dev.autodeploy.jdbc;

import dev.autodeploy.AutoDeploy;
import dev.autodeploy.Cluster;
import dev.autodeploy.DeploymentSpec;
import dev.autodeploy.proxy.jdk.JdkHttpProxy;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * A host application in a process of its own: a replica with links. Arguments: the database, the
 * cloud, the port of the links, the port for other replicas, and where those reach it. A line on
 * its input has it hand over and end in order.
 */
final class ReplicaMain {
  private ReplicaMain() {}

  public static void main(String[] args) throws IOException {
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setUrl(args[0]);
    source.setConnectTimeout(2);
    source.setSocketTimeout(3);
    AutoDeploy autoDeploy =
        AutoDeploy.builder()
            .owner("replicas")
            .cluster(
                Cluster.builder(
                        JdbcLeaderElection.builder(source).name("replicas").build(),
                        () -> new CloudProvider(URI.create(args[1])))
                    .term(Duration.ofSeconds(3))
                    .listen(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[3])))
                    .advertise(URI.create(args[4]))
                    .build())
            .releaseOnShutdown(false)
            .build();
    autoDeploy.deploy(
        DeploymentSpec.builder("voice").port(8080).maxPending(10_000).concurrency(1000).build());
    autoDeploy.deploy(DeploymentSpec.builder("free").port(8080).build());
    JdkHttpProxy proxy = JdkHttpProxy.builder(autoDeploy).port(Integer.parseInt(args[2])).start();
    System.out.println("ready");
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    if (in.readLine() != null) {
      autoDeploy.handOver();
      proxy.close();
      autoDeploy.close();
    }
    System.exit(0);
  }
}
