/** State, ledger and leadership in the application's database. */
module dev.autodeploy.jdbc {
  requires transitive dev.autodeploy.core;
  requires transitive java.sql;
  requires transitive static org.jspecify;
  requires org.slf4j;

  exports dev.autodeploy.jdbc;
}
