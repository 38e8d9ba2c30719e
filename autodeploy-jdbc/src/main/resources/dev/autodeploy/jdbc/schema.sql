-- The tables of AutoDeploy's state, for PostgreSQL. JdbcStateStore makes them unless it is told not to.

-- One row for each state: who leads, up to when by the database's clock, and in which epoch.
CREATE TABLE IF NOT EXISTS autodeploy_state (
  state_name VARCHAR(100) NOT NULL PRIMARY KEY,
  format INTEGER NOT NULL,
  owner_id TEXT,
  epoch BIGINT NOT NULL,
  leader VARCHAR(200),
  address VARCHAR(500),
  until_ms BIGINT NOT NULL,
  numbers BIGINT NOT NULL
);

-- Deployments in the order of their numbers, each as JSON. Environment values are in it.
CREATE TABLE IF NOT EXISTS autodeploy_deployment (
  state_name VARCHAR(100) NOT NULL,
  name VARCHAR(100) NOT NULL,
  number BIGINT NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (state_name, name)
);

-- The ledger in the order of its numbers, each entry as JSON, without the intervals that are in pages.
CREATE TABLE IF NOT EXISTS autodeploy_ledger (
  state_name VARCHAR(100) NOT NULL,
  number BIGINT NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (state_name, number)
);

-- Pages of intervals that ended long ago, a line of JSON each, and pages of their sums.
CREATE TABLE IF NOT EXISTS autodeploy_ledger_page (
  state_name VARCHAR(100) NOT NULL,
  name VARCHAR(100) NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (state_name, name)
);

-- The secret by which the replicas of a state know each other, made by the first one of them.
CREATE TABLE IF NOT EXISTS autodeploy_secret (
  state_name VARCHAR(100) NOT NULL PRIMARY KEY,
  secret VARCHAR(200) NOT NULL
);
