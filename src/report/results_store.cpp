#include "orrery/report/results_store.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>

#include "orrery/report/request_state.h"

namespace orrery {
namespace {

constexpr int kStoreVersion = 2;  // PRAGMA user_version
constexpr std::size_t kRowsPerTransaction = 100'000;
constexpr std::size_t kRowsPerStatement = 64;
constexpr int kBusyTimeoutMs = 5'000;

constexpr const char* kTables = R"(
CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice, so that a replaced run is noticed
  scenario TEXT NOT NULL,
  seed TEXT NOT NULL,                    -- 64 bits without sign
  state TEXT NOT NULL CHECK (state IN ('running', 'complete', 'interrupted')),
  started_at TEXT NOT NULL,              -- UTC
  summary TEXT,                          -- the object of `run --json`
  resolved_scenario TEXT NOT NULL
);
CREATE TABLE services (
  run INTEGER NOT NULL,
  service INTEGER NOT NULL,
  name TEXT NOT NULL,
  pool TEXT NOT NULL,
  workload TEXT NOT NULL,
  goodput_share REAL
);
CREATE TABLE requests (
  run INTEGER NOT NULL,
  service INTEGER NOT NULL,              -- of services
  request INTEGER NOT NULL,              -- from 0, in order of arrival
  arrival_ps INTEGER NOT NULL,
  queued_ps INTEGER,
  scheduled_ps INTEGER,
  first_token_ps INTEGER,
  finish_ps INTEGER,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  replica INTEGER,
  preemptions INTEGER NOT NULL,
  state TEXT NOT NULL,
  sent_ps INTEGER NOT NULL,              -- by its user; the arrival where there is no network
  answer_way_ps INTEGER NOT NULL         -- from the server to its user
);
CREATE TABLE pools (
  run INTEGER NOT NULL,
  name TEXT NOT NULL,
  site TEXT NOT NULL,
  server TEXT NOT NULL,
  chip TEXT NOT NULL,
  model TEXT NOT NULL,
  servers INTEGER NOT NULL,
  replicas INTEGER NOT NULL,
  chips INTEGER NOT NULL,
  steps INTEGER NOT NULL,
  mean_batch REAL NOT NULL,
  preemptions INTEGER NOT NULL,
  busy_share REAL NOT NULL,
  compute_utilisation REAL NOT NULL,
  bandwidth_utilisation REAL NOT NULL,
  kv_mean REAL NOT NULL,
  kv_peak REAL NOT NULL,
  it_energy_J REAL NOT NULL,
  facility_energy_J REAL NOT NULL,
  mean_chip_power_W REAL NOT NULL,
  cost_usd REAL NOT NULL,
  carbon_g REAL NOT NULL
);
CREATE TABLE slo (
  run INTEGER NOT NULL,
  service INTEGER NOT NULL,
  metric TEXT NOT NULL,
  target_s REAL NOT NULL,
  value_s REAL NOT NULL,
  met INTEGER NOT NULL
);
CREATE VIEW request_latencies AS
SELECT r.run, s.name AS service, r.request, r.state,
       (r.first_token_ps - r.arrival_ps) / 1e12 AS ttft_s,
       (r.first_token_ps - r.queued_ps) / 1e12 AS ttft_queued_s,
       (r.finish_ps - r.first_token_ps) / 1e12 / nullif(r.output_tokens - 1, 0) AS tpot_s,
       (r.finish_ps - r.arrival_ps) / 1e12 AS e2e_s,
       (r.scheduled_ps - r.arrival_ps) / 1e12 AS queue_s,
       (r.first_token_ps + r.answer_way_ps - r.sent_ps) / 1e12 AS user_ttft_s,
       (r.finish_ps + r.answer_way_ps - r.sent_ps) / 1e12 AS user_e2e_s
FROM requests AS r JOIN services AS s ON s.run = r.run AND s.service = r.service;
)";

std::string reason_of(sqlite3* database) {
  std::string text = sqlite3_errmsg(database);
  const int code = sqlite3_errcode(database);
  if (code == SQLITE_IOERR || code == SQLITE_CANTOPEN || code == SQLITE_FULL) {
    const int system = sqlite3_system_errno(database);
    if (system != 0) text += fmt::format(" ({})", std::strerror(system));
  }
  return text;
}

}  // namespace

/// A database and the run in it that is ours. Closing rolls an open transaction back.
class ResultsStore::Connection {
 public:
  /// A prepared statement; `run()` executes it once and makes it ready for the next values.
  class Statement {
   public:
    Statement(Connection& connection, const char* sql) : connection_(connection) {
      good_ = sqlite3_prepare_v2(connection.database_, sql, -1, &statement_, nullptr) == SQLITE_OK;
    }
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    ~Statement() { sqlite3_finalize(statement_); }

    Statement& add(std::int64_t value) {
      sqlite3_bind_int64(statement_, ++bound_, value);
      return *this;
    }
    Statement& add(double value) {
      sqlite3_bind_double(statement_, ++bound_, value);
      return *this;
    }
    /// Pre: `text` lives until run().
    Statement& add(std::string_view text) {
      sqlite3_bind_text(statement_, ++bound_, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
      return *this;
    }
    /// A time, null where it is not set.
    Statement& add_time(std::int64_t ps) { return ps == RequestOutcomes::kUnset ? add_null() : add(ps); }
    Statement& add_null() {
      sqlite3_bind_null(statement_, ++bound_);
      return *this;
    }
    Result<void> run() {
      bound_ = 0;
      if (!good_) return connection_.failed();
      const int code = sqlite3_step(statement_);
      if (code != SQLITE_DONE && code != SQLITE_ROW) {
        auto why = connection_.failed();
        sqlite3_reset(statement_);
        return why;
      }
      sqlite3_reset(statement_);
      return {};
    }

   private:
    Connection& connection_;
    sqlite3_stmt* statement_ = nullptr;
    int bound_ = 0;
    bool good_ = false;
  };

  explicit Connection(std::string path) : path_(std::move(path)) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { sqlite3_close(database_); }

  Result<void> open(const RunHeader& header, ExistingRun existing);
  Result<void> write_small_tables(const Results& results);
  Result<void> write_requests(const Results& results);
  Result<void> close_run(const Results& results, std::string_view summary);
  /// Lets others write again after a failure.
  void roll_back() { sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr); }

 private:
  Result<void> failed() const { return failure(fmt::format("cannot write {}: {}", path_, reason_of(database_))); }
  Result<void> execute(const char* sql) {
    return sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) == SQLITE_OK ? Result<void>() : failed();
  }
  Result<std::int64_t> query(const char* sql);
  Result<void> take_turn();
  Result<void> claim(ExistingRun existing);
  Result<void> begin();
  void add_request(Statement& insert, std::size_t service, std::size_t i, const Results::ServiceRequests& log);

  std::string path_;
  sqlite3* database_ = nullptr;
  std::int64_t run_ = 0;
};

Result<std::int64_t> ResultsStore::Connection::query(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  std::optional<std::int64_t> value;
  if (sqlite3_prepare_v2(database_, sql, -1, &statement, nullptr) == SQLITE_OK &&
      sqlite3_step(statement) == SQLITE_ROW) {
    value = sqlite3_column_int64(statement, 0);
  }
  auto why = failed();
  sqlite3_finalize(statement);
  if (!value) return failure(why.error());
  return *value;
}

Result<void> ResultsStore::Connection::open(const RunHeader& header, ExistingRun existing) {
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  if (sqlite3_open_v2(path_.c_str(), &database_, kFlags, nullptr) != SQLITE_OK) return failed();
  sqlite3_busy_timeout(database_, kBusyTimeoutMs);
  if (auto done = take_turn(); !done) return done;
  if (auto done = claim(existing); !done) return done;

  Statement insert(*this,
                   "INSERT INTO runs (scenario, seed, state, started_at, resolved_scenario) "
                   "VALUES (?, ?, 'running', ?, ?)");
  const std::string seed = std::to_string(header.seed);
  insert.add(header.scenario).add(seed).add(header.started_at).add(header.resolved_yaml);
  if (auto done = insert.run(); !done) return done;
  run_ = sqlite3_last_insert_rowid(database_);
  return execute("COMMIT");
}

/// Sets the journal and begins to write. SQLite's own timeout does not cover the moment in which another
/// process changes the journal of the same file, so that the wait for it is here.
Result<void> ResultsStore::Connection::take_turn() {
  constexpr const char* kSettings =
      "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE";
  constexpr std::chrono::milliseconds kPause(5);
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::milliseconds(kBusyTimeoutMs);
  while (true) {
    auto done = execute(kSettings);
    const bool busy = sqlite3_errcode(database_) == SQLITE_BUSY;
    if (done || !busy || std::chrono::steady_clock::now() >= give_up) return done;
    std::this_thread::sleep_for(kPause);
  }
}

/// Makes the tables, or empties those of an earlier run. Of several processes at once, one finds none.
Result<void> ResultsStore::Connection::claim(ExistingRun existing) {
  auto tables = query("SELECT count(*) FROM sqlite_schema");
  if (!tables) return failure(tables.error());
  if (*tables == 0) {
    if (auto done = execute(kTables); !done) return done;
    return execute(fmt::format("PRAGMA user_version = {}", kStoreVersion).c_str());
  }
  auto version = query("PRAGMA user_version");
  auto runs = query("SELECT count(*) FROM sqlite_schema WHERE name = 'runs'");
  if (!version) return failure(version.error());
  if (!runs) return failure(runs.error());
  if (*version != kStoreVersion || *runs != 1) {
    return failure(fmt::format("{} is not a results store of this version; choose another folder", path_));
  }
  if (existing == ExistingRun::refuse) {
    return failure(fmt::format("{} holds a run already; choose another folder, or replace it with --force", path_));
  }
  return execute("DELETE FROM runs; DELETE FROM services; DELETE FROM requests; DELETE FROM pools; DELETE FROM slo");
}

/// Starts a transaction in which the run is known to be ours still.
Result<void> ResultsStore::Connection::begin() {
  if (auto done = execute("BEGIN IMMEDIATE"); !done) return done;
  auto ours = query(fmt::format("SELECT count(*) FROM runs WHERE id = {}", run_).c_str());
  if (!ours) return failure(ours.error());
  if (*ours == 1) return {};
  return failure(fmt::format("cannot write {}: another process has replaced this run", path_));
}

Result<void> ResultsStore::Connection::write_small_tables(const Results& results) {
  if (auto done = begin(); !done) return done;
  Statement services(*this, "INSERT INTO services VALUES (?, ?, ?, ?, ?, ?)");
  Statement slo(*this, "INSERT INTO slo VALUES (?, ?, ?, ?, ?, ?)");
  for (std::size_t s = 0; s < results.services.size(); ++s) {
    const ServiceResult& service = results.services[s];
    const auto number = static_cast<std::int64_t>(s);
    services.add(run_).add(number).add(service.name).add(service.pool).add(service.workload);
    if (service.requests.decided() > 0) {
      services.add(service.goodput_share);
    } else {
      services.add_null();
    }
    if (auto done = services.run(); !done) return done;
    for (const SloResult& row : service.slo) {
      slo.add(run_).add(number).add(row.metric).add(row.target_s).add(row.value_s).add(std::int64_t{row.met});
      if (auto done = slo.run(); !done) return done;
    }
  }
  Statement pools(*this, "INSERT INTO pools VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
  for (const PoolResult& pool : results.pools) {
    pools.add(run_).add(pool.name).add(pool.site).add(pool.server).add(pool.chip).add(pool.model);
    pools.add(pool.servers).add(pool.replicas).add(pool.chips).add(pool.steps).add(pool.mean_batch);
    pools.add(pool.preemptions).add(pool.busy_share).add(pool.compute_utilisation).add(pool.bandwidth_utilisation);
    pools.add(pool.kv_mean).add(pool.kv_peak).add(pool.it_energy_J).add(pool.facility_energy_J);
    pools.add(pool.mean_chip_power_W).add(pool.cost_usd).add(pool.carbon_g);
    if (auto done = pools.run(); !done) return done;
  }
  return execute("COMMIT");
}

void ResultsStore::Connection::add_request(Statement& insert, std::size_t service, std::size_t i,
                                           const Results::ServiceRequests& log) {
  const auto& [table, outcomes] = log;
  insert.add(run_).add(static_cast<std::int64_t>(service)).add(static_cast<std::int64_t>(i));
  insert.add(table.arrival_ps[i]).add_time(outcomes.queued_ps[i]).add_time(outcomes.scheduled_ps[i]);
  insert.add_time(outcomes.first_token_ps[i]).add_time(outcomes.finish_ps[i]);
  insert.add(std::int64_t{table.input_tokens[i]}).add(std::int64_t{table.output_tokens[i]});
  if (has_replica(outcomes, i)) {
    insert.add(std::int64_t{outcomes.replica[i]});
  } else {
    insert.add_null();
  }
  insert.add(std::int64_t{outcomes.preemptions[i]}).add(state_name(outcomes.state[i]));
  insert.add(table.asked_ps(i)).add(table.way_back_ps(i));
}

Result<void> ResultsStore::Connection::write_requests(const Results& results) {
  // A statement costs as much as ten rows, and so inserts many.
  const std::string values = "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
  std::string sql = "INSERT INTO requests VALUES " + values;
  Statement one(*this, sql.c_str());
  for (std::size_t row = 1; row < kRowsPerStatement; ++row) sql += "," + values;
  Statement many(*this, sql.c_str());
  for (std::size_t s = 0; s < results.request_log.size(); ++s) {
    const Results::ServiceRequests& log = results.request_log[s];
    for (std::size_t first = 0; first < log.table.size(); first += kRowsPerTransaction) {
      const std::size_t last = std::min(log.table.size(), first + kRowsPerTransaction);
      if (auto done = begin(); !done) return done;
      for (std::size_t i = first; i < last;) {
        const std::size_t rows = last - i >= kRowsPerStatement ? kRowsPerStatement : 1;
        Statement& insert = rows == 1 ? one : many;
        for (const std::size_t end = i + rows; i < end; ++i) add_request(insert, s, i, log);
        if (auto done = insert.run(); !done) return done;
      }
      if (auto done = execute("COMMIT"); !done) return done;
    }
  }
  return {};
}

Result<void> ResultsStore::Connection::close_run(const Results& results, std::string_view summary) {
  if (auto done = begin(); !done) return done;
  Statement update(*this, "UPDATE runs SET state = ?, summary = ? WHERE id = ?");
  update.add(results.complete ? std::string_view("complete") : std::string_view("interrupted")).add(summary).add(run_);
  if (auto done = update.run(); !done) return done;
  if (auto done = execute("COMMIT"); !done) return done;
  // A store at rest is one file that also a reader without the right to write can open. Where another
  // process reads it just now, it stays as it is.
  sqlite3_exec(database_, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE", nullptr, nullptr, nullptr);
  return {};
}

ResultsStore::ResultsStore(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
ResultsStore::ResultsStore(ResultsStore&&) noexcept = default;
ResultsStore& ResultsStore::operator=(ResultsStore&&) noexcept = default;
ResultsStore::~ResultsStore() = default;
void ResultsStore::close() { connection_.reset(); }

Result<ResultsStore> ResultsStore::open(const std::string& path, const RunHeader& header, ExistingRun existing) {
  auto connection = std::make_unique<Connection>(path);
  if (auto done = connection->open(header, existing); !done) return failure(done.error());
  return ResultsStore(std::move(connection));
}

Result<void> ResultsStore::finish(const Results& results, std::string_view summary) {
  auto done = connection_->write_small_tables(results);
  if (done) done = connection_->write_requests(results);
  if (done) done = connection_->close_run(results, summary);
  if (!done) connection_->roll_back();
  return done;
}

}  // namespace orrery
