// MariaDB as a store of LinkBench, with the schema and the statements of LinkBench's own driver: a
// thread and a connection for each client.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "bench/linkbench/mysql_client.h"
#include "bench/linkbench/node_load.h"
#include "bench/linkbench/social_store.h"

namespace smile::bench {
namespace {

constexpr uint32_t kLoadThreads = 8;
constexpr uint64_t kNodesPerThread = 256;  // that a thread takes at once
constexpr uint64_t kRowsPerInsert = 1'024;
constexpr uint64_t kFirstLinkType = 123'456'789;  // LinkBench's
constexpr uint64_t kNodeType = 2048;              // likewise
constexpr int kTries = 100;                       // of a transaction that collides with others

constexpr std::string_view kColumnsOfLinks =
    "CREATE TABLE linktable ("
    "id1 bigint unsigned NOT NULL DEFAULT 0, id2 bigint unsigned NOT NULL DEFAULT 0, "
    "link_type bigint unsigned NOT NULL DEFAULT 0, visibility tinyint NOT NULL DEFAULT 0, "
    "data varchar(255) NOT NULL DEFAULT '', time bigint unsigned NOT NULL DEFAULT 0, "
    "version int unsigned NOT NULL DEFAULT 0, ";
constexpr std::string_view kColumnsOfCounts =
    "CREATE TABLE counttable ("
    "id bigint unsigned NOT NULL DEFAULT 0, link_type bigint unsigned NOT NULL DEFAULT 0, "
    "count int unsigned NOT NULL DEFAULT 0, time bigint unsigned NOT NULL DEFAULT 0, "
    "version bigint unsigned NOT NULL DEFAULT 0, PRIMARY KEY (id, link_type)";
constexpr std::string_view kColumnsOfNodes =
    "CREATE TABLE nodetable ("
    "id bigint unsigned NOT NULL AUTO_INCREMENT, type int unsigned NOT NULL, "
    "version bigint unsigned NOT NULL, time int unsigned NOT NULL, data mediumtext NOT NULL, "
    "PRIMARY KEY (id)";

// Lists are read backwards in time: MyRocks has column families for that.
std::string TablesFor(MysqlEngine engine) {
  const bool rocks = engine == MysqlEngine::kMyRocks;
  const std::string_view end = rocks ? ") ENGINE=ROCKSDB DEFAULT CHARSET=latin1 COLLATE=latin1_bin;"
                                     : ") ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_bin;";
  return fmt::format(
      "DROP DATABASE IF EXISTS linkbench; CREATE DATABASE linkbench; USE linkbench;"
      "{}PRIMARY KEY (link_type, id1, id2){}, "
      "KEY id1_type (id1, link_type, visibility, time, id2, version, data){}{}{}{}{}{}",
      kColumnsOfLinks, rocks ? " COMMENT 'cf_link_pk'" : "",
      rocks ? " COMMENT 'rev:cf_link_id1_type'" : "", end, kColumnsOfCounts, end, kColumnsOfNodes,
      end);
}

uint64_t TypeOf(const LinkRequest& request) {
  return kFirstLinkType + request.kind;
}

uint64_t NowMillis() {
  return static_cast<uint64_t>(SystemClock().WallMillis());
}

// One connection, and what LinkBench does with it.
class MysqlSession {
 public:
  static Result<std::unique_ptr<MysqlSession>> Connect(const Endpoint& server);

  MysqlClient* client() { return client_.get(); }

  // Selects the database and prepares the statements.
  Status Prepare();
  Status Do(const LinkRequest& request, LinkAnswer* answer);

 private:
  explicit MysqlSession(std::unique_ptr<MysqlClient> client) : client_(std::move(client)) {}

  Status AddLink(const LinkRequest& request);
  Status TryAddLink(const LinkRequest& request);
  Status DeleteLink(const LinkRequest& request);
  Status TryDeleteLink(const LinkRequest& request);
  Status GetLinks(const LinkRequest& request, LinkAnswer* answer);
  Status ListLinks(const LinkRequest& request, LinkAnswer* answer);
  Status Repeat(const std::function<Status()>& transaction);
  std::string CountChange(const LinkRequest& request, std::string_view change, uint64_t first);
  std::string WhereLink(const LinkRequest& request);

  const std::unique_ptr<MysqlClient> client_;
  MysqlClient::Statement* get_node_ = nullptr;
  MysqlClient::Statement* add_node_ = nullptr;
  MysqlClient::Statement* update_node_ = nullptr;
  MysqlClient::Statement* delete_node_ = nullptr;
  MysqlClient::Statement* count_ = nullptr;
  MysqlClient::Statement* list_ = nullptr;
  std::array<MysqlClient::Statement*, kMaxLinksPerGet + 1>
      get_links_{};  // by number; made when used
  std::vector<MysqlClient::Outcome> outcomes_;
};

Result<std::unique_ptr<MysqlSession>> MysqlSession::Connect(const Endpoint& server) {
  SMILE_ASSIGN(std::unique_ptr<MysqlClient> client, MysqlClient::Connect(server));
  SMILE_TRY(client->Query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED", nullptr));
  return std::unique_ptr<MysqlSession>(new MysqlSession(std::move(client)));
}

Status MysqlSession::Prepare() {
  SMILE_TRY(client_->Query("USE linkbench", nullptr));
  SMILE_ASSIGN(get_node_, client_->Prepare(
                              "SELECT id, type, version, time, data FROM nodetable WHERE id = ?"));
  SMILE_ASSIGN(add_node_, client_->Prepare("INSERT INTO nodetable (type, version, time, data) "
                                           "VALUES (?, ?, ?, ?)"));
  SMILE_ASSIGN(update_node_,
               client_->Prepare("UPDATE nodetable SET version = ?, time = ?, data = ? "
                                "WHERE id = ? AND type = ?"));
  SMILE_ASSIGN(delete_node_, client_->Prepare("DELETE FROM nodetable WHERE id = ? AND type = ?"));
  SMILE_ASSIGN(count_,
               client_->Prepare("SELECT count FROM counttable WHERE id = ? AND link_type = ?"));
  SMILE_ASSIGN(
      list_, client_->Prepare(fmt::format(
                 "SELECT id1, id2, link_type, visibility, data, version, time FROM linktable FORCE "
                 "INDEX (id1_type) WHERE id1 = ? AND link_type = ? AND time >= ? AND time <= ? AND "
                 "visibility = 1 ORDER BY time DESC LIMIT {}",
                 kLinkRangeLimit)));
  return {};
}

Status MysqlSession::Do(const LinkRequest& request, LinkAnswer* answer) {
  const uint64_t seconds = request.time_ms / 1000;
  switch (request.op) {
    case LinkOp::kGetNode:
      return get_node_->Execute({request.node},
                                [&](const auto& /*integers*/, ByteView) { ++answer->found; });
    case LinkOp::kAddNode:
      return add_node_->Execute({kNodeType, uint64_t{1}, seconds, ByteView(request.payload)}, {});
    case LinkOp::kUpdateNode:
      return update_node_->Execute(
          {uint64_t{2}, seconds, ByteView(request.payload), request.node, kNodeType}, {});
    case LinkOp::kDeleteNode:
      return delete_node_->Execute({request.node, kNodeType}, {});
    case LinkOp::kCountLink:
      return count_->Execute({request.node, TypeOf(request)},
                             [&](const std::vector<uint64_t>& integers, ByteView) {
                               answer->found = integers.front();
                             });
    case LinkOp::kGetLink:
      return GetLinks(request, answer);
    case LinkOp::kGetLinkList:
      return ListLinks(request, answer);
    case LinkOp::kAddLink:
    case LinkOp::kUpdateLink:
      return Repeat([&] { return TryAddLink(request); });
    case LinkOp::kDeleteLink:
      return Repeat([&] { return TryDeleteLink(request); });
  }
  return {};
}

Status MysqlSession::Repeat(const std::function<Status()>& transaction) {
  Status status;
  for (int tries = 0; tries < kTries; ++tries) {
    status = transaction();
    if (status.ok()) return status;
    const Status undone = client_->Query("ROLLBACK", nullptr);
    if (status.code() != Code::kConditionFailed || !undone.ok()) return status;
  }
  return status;
}

std::string MysqlSession::CountChange(const LinkRequest& request, std::string_view change,
                                      uint64_t first) {
  return fmt::format(
      "INSERT INTO counttable (id, link_type, count, time, version) VALUES ({}, {}, {}, {}, 0) ON "
      "DUPLICATE KEY UPDATE count = {}, version = version + 1, time = {};",
      request.node, TypeOf(request), first, request.time_ms, change, request.time_ms);
}

std::string MysqlSession::WhereLink(const LinkRequest& request) {
  return fmt::format(" WHERE id1 = {} AND id2 = {} AND link_type = {}", request.node,
                     request.others.front(), TypeOf(request));
}

// The transactions are sent as LinkBench does, as text, so that the first statement takes BEGIN
// along, and the last one COMMIT.
Status MysqlSession::TryAddLink(const LinkRequest& request) {
  std::string sql = fmt::format(
      "BEGIN;INSERT INTO linktable (id1, id2, link_type, visibility, data, time, version) VALUES "
      "({}, {}, {}, 1, ",
      request.node, request.others.front(), TypeOf(request));
  client_->Append(ByteView(request.payload), &sql);
  sql += fmt::format(", {}, 0) ON DUPLICATE KEY UPDATE visibility = 1", request.time_ms);
  SMILE_TRY(client_->Query(sql, &outcomes_));
  // 1: a new row; 0: one that is visible; 2: one that was hidden.
  const uint64_t changed = outcomes_.back().changed_rows;
  sql.clear();
  if (changed != 0) sql += CountChange(request, "count + 1", 1);
  if (changed != 1) {
    sql += "UPDATE linktable SET visibility = 1, data = ";
    client_->Append(ByteView(request.payload), &sql);
    sql += fmt::format(", time = {}, version = 0{};", request.time_ms, WhereLink(request));
  }
  return client_->Query(sql + "COMMIT", nullptr);
}

Status MysqlSession::TryDeleteLink(const LinkRequest& request) {
  SMILE_TRY(client_->Query(
      fmt::format("BEGIN;SELECT visibility FROM linktable{} FOR UPDATE", WhereLink(request)),
      &outcomes_));
  const std::vector<uint64_t>& visibility = outcomes_.back().values;
  std::string sql;
  if (!visibility.empty() && visibility.front() != 0) {
    sql = fmt::format("UPDATE linktable SET visibility = 0{};", WhereLink(request)) +
          CountChange(request, "IF (count = 0, 0, count - 1)", 0);
  }
  return client_->Query(sql + "COMMIT", nullptr);
}

Status MysqlSession::GetLinks(const LinkRequest& request, LinkAnswer* answer) {
  MysqlClient::Statement*& statement = get_links_[request.others.size()];
  if (statement == nullptr) {
    std::string sql =
        "SELECT id1, id2, link_type, visibility, data, time, version FROM linktable WHERE id1 = ? "
        "AND link_type = ? AND id2 IN (?";
    for (size_t i = 1; i < request.others.size(); ++i) sql += ", ?";
    SMILE_ASSIGN(statement, client_->Prepare(sql + ")"));
  }
  std::vector<MysqlValue> values = {request.node, TypeOf(request)};
  values.insert(values.end(), request.others.begin(), request.others.end());
  return statement->Execute(values, [&](const std::vector<uint64_t>& integers, ByteView) {
    answer->found += integers[3];  // visibility
  });
}

Status MysqlSession::ListLinks(const LinkRequest& request, LinkAnswer* answer) {
  const uint64_t until = request.until_ms.has_value() ? *request.until_ms - 1 : INT64_MAX;
  return list_->Execute({request.node, TypeOf(request), uint64_t{0}, until},
                        [&](const std::vector<uint64_t>& integers, ByteView) {
                          ++answer->found;
                          answer->last_time_ms = integers.back();
                        });
}

// Rows of one table, which are inserted many at a time.
class Inserts {
 public:
  Inserts(MysqlClient* client, std::string_view head) : client_(client), head_(head) {}

  Status Add(std::initializer_list<MysqlValue> row) {
    sql_ += rows_ == 0 ? head_ : ",";
    char separator = '(';
    for (const MysqlValue& value : row) {
      sql_ += separator;
      client_->Append(value, &sql_);
      separator = ',';
    }
    sql_ += ')';
    return ++rows_ < kRowsPerInsert ? Status() : Write();
  }

  Status Write() {
    if (rows_ == 0) return {};
    rows_ = 0;
    Status status = client_->Query(sql_, nullptr);
    sql_.clear();
    return status;
  }

 private:
  MysqlClient* const client_;
  const std::string head_;
  std::string sql_;
  uint64_t rows_ = 0;
};

class MysqlStore final : public SocialStore {
 public:
  explicit MysqlStore(const LinkBenchOptions& options) : options_(options) {}

  Status Connect() override;
  Status Load(const Graph& graph, LoadSource* source) override;
  Status Run(ClientWork* work) override;

 private:
  // `task` gets the number of a thread. The failure of the first that failed.
  static Status OnThreads(uint32_t threads, const std::function<Status(uint32_t)>& task);
  Status LoadSome(const Graph& graph, LoadSource* source, uint64_t now_ms);

  const LinkBenchOptions& options_;
  std::vector<std::unique_ptr<MysqlSession>> sessions_;
};

Status MysqlStore::Connect() {
  for (uint32_t i = 0; i < options_.clients; ++i) {
    SMILE_ASSIGN(std::unique_ptr<MysqlSession> session, MysqlSession::Connect(options_.server));
    sessions_.push_back(std::move(session));
  }
  return {};
}

Status MysqlStore::OnThreads(uint32_t threads, const std::function<Status(uint32_t)>& task) {
  std::vector<Status> ends(threads);
  std::vector<std::thread> running;
  for (uint32_t i = 0; i < threads; ++i) {
    running.emplace_back([&, i] { ends[i] = task(i); });
  }
  for (std::thread& thread : running) thread.join();
  const auto failed = std::ranges::find_if(ends, [](const Status& end) { return !end.ok(); });
  return failed == ends.end() ? Status() : *failed;
}

Status MysqlStore::Load(const Graph& graph, LoadSource* source) {
  SMILE_TRY(sessions_.front()->client()->Query(TablesFor(options_.engine), nullptr));
  const uint64_t now_ms = NowMillis();
  return OnThreads(std::min(kLoadThreads, options_.clients),
                   [&](uint32_t) { return LoadSome(graph, source, now_ms); });
}

Status MysqlStore::LoadSome(const Graph& graph, LoadSource* source, uint64_t now_ms) {
  SMILE_ASSIGN(const std::unique_ptr<MysqlClient> client, MysqlClient::Connect(options_.server));
  SMILE_TRY(client->Query("USE linkbench", nullptr));
  Inserts nodes(client.get(), "INSERT INTO nodetable (id, type, version, time, data) VALUES ");
  Inserts links(client.get(),
                "INSERT INTO linktable (id1, id2, link_type, visibility, data, time, version) "
                "VALUES ");
  Inserts counts(client.get(),
                 "INSERT INTO counttable (id, link_type, count, time, version) VALUES ");
  uint64_t first = 0;
  LinkRequest request;
  while (const uint64_t taken = source->Take(kNodesPerThread, &first)) {
    uint64_t written = 0;
    for (uint64_t node = first; node < first + taken; ++node) {
      NodeLoad load(&graph, node, now_ms);
      load.Next(&request);
      SMILE_TRY(
          nodes.Add({node, kNodeType, uint64_t{1}, now_ms / 1000, ByteView(request.payload)}));
      while (load.Next(&request)) {
        SMILE_TRY(links.Add({node, request.others.front(), TypeOf(request), uint64_t{1},
                             ByteView(request.payload), request.time_ms, uint64_t{0}}));
      }
      for (uint32_t kind = 0; kind < kLinkKinds; ++kind) {
        const uint64_t count = graph.LinksOf(node, kind);
        if (count > 0)
          SMILE_TRY(counts.Add({node, kFirstLinkType + kind, count, now_ms, uint64_t{0}}));
      }
      written += load.links();
    }
    source->Written(taken, written);
  }
  SMILE_TRY(nodes.Write());
  SMILE_TRY(links.Write());
  return counts.Write();
}

Status MysqlStore::Run(ClientWork* work) {
  return OnThreads(options_.clients, [&](uint32_t client) {
    MysqlSession* const session = sessions_[client].get();
    SMILE_TRY(session->Prepare());
    LinkRequest request;
    while (work->Next(client, &request)) {
      LinkAnswer answer;
      Status status = session->Do(request, &answer);
      work->Done(client, request, status, answer);
      if (status.code() == Code::kUnavailable) return status;
    }
    return Status();
  });
}

}  // namespace

Result<std::unique_ptr<SocialStore>> MakeMysqlStore(const LinkBenchOptions& options) {
  return std::unique_ptr<SocialStore>(std::make_unique<MysqlStore>(options));
}

}  // namespace smile::bench
