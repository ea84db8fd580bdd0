#include "bench/linkbench/mysql_client.h"

#include <mariadb/errmsg.h>
#include <mariadb/mysql.h>
#include <mariadb/mysqld_error.h>

#include <utility>

#include <fmt/format.h>

#include "base/check.h"

namespace smile::bench {
namespace {

constexpr size_t kDataBytes = 4096;  // longer data takes a second copy

Status FailureOf(unsigned number, const char* message) {
  switch (number) {
    case ER_LOCK_DEADLOCK:
    case ER_LOCK_WAIT_TIMEOUT:
    case ER_CHECKREAD:
      return {Code::kConditionFailed, message};
    case CR_CONNECTION_ERROR:
    case CR_CONN_HOST_ERROR:
    case CR_SERVER_GONE_ERROR:
    case CR_SERVER_LOST:
      return {Code::kUnavailable, message};
    default:
      return {Code::kStorageFailed, fmt::format("{} ({})", message, number)};
  }
}

}  // namespace

struct MysqlClient::Handles {
  MYSQL connection;
};

struct MysqlClient::Statement::Handles {
  MYSQL_STMT* statement = nullptr;
  std::vector<MYSQL_BIND> parameters;
  std::vector<MYSQL_BIND> columns;
  std::vector<uint64_t> integers;      // of a row
  std::vector<unsigned long> lengths;  // of the parameters
  unsigned long data_length = 0;       // of the column with bytes
  unsigned data_column = 0;
  Bytes data;
};

Result<std::unique_ptr<MysqlClient>> MysqlClient::Connect(const Endpoint& server) {
  auto handles = std::make_unique<Handles>();
  MYSQL* const connection = mysql_init(&handles->connection);
  CHECK(connection != nullptr);
  mysql_options(connection, MYSQL_SET_CHARSET_NAME, "latin1");
  auto client = std::unique_ptr<MysqlClient>(new MysqlClient(std::move(handles)));
  if (mysql_real_connect(connection, server.host.c_str(), "root", "", nullptr, server.port, nullptr,
                         CLIENT_MULTI_STATEMENTS) == nullptr) {
    return Status(Code::kUnavailable, mysql_error(connection));
  }
  return client;
}

MysqlClient::MysqlClient(std::unique_ptr<Handles> handles) : handles_(std::move(handles)) {}

MysqlClient::~MysqlClient() {
  statements_.clear();
  mysql_close(&handles_->connection);
}

Status MysqlClient::Failure() const {
  return FailureOf(mysql_errno(&handles_->connection), mysql_error(&handles_->connection));
}

Status MysqlClient::Query(std::string_view statements, std::vector<Outcome>* outcomes) {
  MYSQL* const connection = &handles_->connection;
  if (outcomes != nullptr) outcomes->clear();
  int next = mysql_real_query(connection, statements.data(), statements.size());
  while (next == 0) {
    Outcome outcome;
    if (MYSQL_RES* const rows = mysql_store_result(connection)) {
      while (const MYSQL_ROW row = mysql_fetch_row(rows)) {
        outcome.values.push_back(row[0] == nullptr ? 0 : std::stoull(row[0]));
      }
      mysql_free_result(rows);
    } else if (mysql_field_count(connection) != 0) {
      return Failure();
    } else {
      outcome.changed_rows = mysql_affected_rows(connection);
    }
    if (outcomes != nullptr) outcomes->push_back(std::move(outcome));
    next = mysql_next_result(connection);
  }
  return next > 0 ? Failure() : Status();
}

void MysqlClient::Append(const MysqlValue& value, std::string* sql) {
  if (const auto* const integer = std::get_if<uint64_t>(&value)) {
    *sql += std::to_string(*integer);
    return;
  }
  const ByteView bytes = std::get<ByteView>(value);
  const size_t before = sql->size();
  sql->resize(before + 2 * bytes.size() + 2);
  (*sql)[before] = '\'';
  const size_t length = mysql_real_escape_string(&handles_->connection, sql->data() + before + 1,
                                                 bytes.data(), bytes.size());
  sql->resize(before + 1 + length);
  *sql += '\'';
}

Result<MysqlClient::Statement*> MysqlClient::Prepare(std::string_view statement) {
  auto handles = std::make_unique<Statement::Handles>();
  MYSQL_STMT* const made = mysql_stmt_init(&handles_->connection);
  CHECK(made != nullptr);
  handles->statement = made;
  auto owned = std::unique_ptr<Statement>(new Statement(std::move(handles)));
  if (mysql_stmt_prepare(made, statement.data(), statement.size()) != 0) return owned->Failure();
  Statement::Handles& own = *owned->handles_;
  own.parameters.resize(mysql_stmt_param_count(made));
  own.lengths.resize(own.parameters.size());
  own.columns.resize(mysql_stmt_field_count(made));
  own.integers.resize(own.columns.size());
  own.data.resize(kDataBytes);
  own.data_column = static_cast<unsigned>(own.columns.size());
  MYSQL_RES* const described = mysql_stmt_result_metadata(made);
  for (unsigned i = 0; i < own.columns.size(); ++i) {
    MYSQL_BIND& column = own.columns[i];
    if (std::string_view(mysql_fetch_field_direct(described, i)->name) == "data") {
      own.data_column = i;
      column.buffer_type = MYSQL_TYPE_STRING;
      column.buffer = own.data.data();
      column.buffer_length = own.data.size();
      column.length = &own.data_length;
    } else {
      column.buffer_type = MYSQL_TYPE_LONGLONG;
      column.buffer = &own.integers[i];
      column.is_unsigned = 1;
    }
  }
  if (described != nullptr) mysql_free_result(described);
  if (!own.columns.empty() && mysql_stmt_bind_result(made, own.columns.data()) != 0) {
    return owned->Failure();
  }
  statements_.push_back(std::move(owned));
  return statements_.back().get();
}

MysqlClient::Statement::Statement(std::unique_ptr<Handles> handles)
    : handles_(std::move(handles)) {}

MysqlClient::Statement::~Statement() {
  mysql_stmt_close(handles_->statement);
}

Status MysqlClient::Statement::Failure() const {
  return FailureOf(mysql_stmt_errno(handles_->statement), mysql_stmt_error(handles_->statement));
}

Status MysqlClient::Statement::Execute(const std::vector<MysqlValue>& values, const TakeRow& take) {
  Handles& own = *handles_;
  CHECK(values.size() == own.parameters.size());
  for (size_t i = 0; i < values.size(); ++i) {
    MYSQL_BIND& parameter = own.parameters[i];
    parameter = {};
    if (const auto* const integer = std::get_if<uint64_t>(&values[i])) {
      parameter.buffer_type = MYSQL_TYPE_LONGLONG;
      parameter.buffer = const_cast<uint64_t*>(integer);
      parameter.is_unsigned = 1;
      continue;
    }
    const ByteView bytes = std::get<ByteView>(values[i]);
    own.lengths[i] = bytes.size();
    parameter.buffer_type = MYSQL_TYPE_STRING;
    parameter.buffer = const_cast<char*>(bytes.data());
    parameter.buffer_length = bytes.size();
    parameter.length = &own.lengths[i];
  }
  if (mysql_stmt_bind_param(own.statement, own.parameters.data()) != 0 ||
      mysql_stmt_execute(own.statement) != 0) {
    return Failure();
  }
  return own.columns.empty() ? Status() : ReadRows(take);
}

Status MysqlClient::Statement::ReadRows(const TakeRow& take) {
  Handles& own = *handles_;
  Bytes longer;
  int fetched = mysql_stmt_fetch(own.statement);
  for (; fetched == 0 || fetched == MYSQL_DATA_TRUNCATED;
       fetched = mysql_stmt_fetch(own.statement)) {
    ByteView data;
    if (own.data_column < own.columns.size()) {
      data = ByteView(own.data).substr(0, own.data_length);
      if (own.data_length > own.data.size()) {
        longer.resize(own.data_length);
        MYSQL_BIND column = own.columns[own.data_column];
        column.buffer = longer.data();
        column.buffer_length = longer.size();
        if (mysql_stmt_fetch_column(own.statement, &column, own.data_column, 0) != 0) {
          return Failure();
        }
        data = longer;
      }
    }
    if (take) take(own.integers, data);
  }
  if (fetched != MYSQL_NO_DATA) return Failure();
  mysql_stmt_free_result(own.statement);
  return {};
}

}  // namespace smile::bench
