/**
 * State, ledger and leadership in the application's own database, through its {@link
 * javax.sql.DataSource}.
 *
 * <p>A state is one row that says who leads, in which epoch and up to when by the database's clock,
 * with its deployments and its ledger. Whoever begins to lead increments the epoch, and every later
 * change names the epoch that its writer leads in, in the transaction that makes it: what a leader
 * writes that another one has replaced is refused. A leader that says nothing for the length of a
 * term is replaced; it stops by itself before that, measured by its own monotonic clock.
 *
 * <pre>{@code
 * AutoDeploy autoDeploy = AutoDeploy.builder()
 *     .stateStore(JdbcStateStore.builder(dataSource).build())
 *     .build();
 * }</pre>
 */
@NullMarked
package dev.autodeploy.jdbc;

import org.jspecify.annotations.NullMarked;
