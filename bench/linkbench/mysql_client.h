// A connection to MariaDB or MySQL, with prepared statements. Belongs to one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "net/endpoint.h"

namespace smile::bench {

using MysqlValue = std::variant<uint64_t, ByteView>;

class MysqlClient {
 public:
  // What a statement of Query did.
  struct Outcome {
    uint64_t changed_rows = 0;
    std::vector<uint64_t> values{};  // the first column of its rows
  };
  class Statement;

  // As root without a password. kUnavailable, with the server's message.
  static Result<std::unique_ptr<MysqlClient>> Connect(const Endpoint& server);
  ~MysqlClient();
  MysqlClient(const MysqlClient&) = delete;
  MysqlClient& operator=(const MysqlClient&) = delete;

  // Statements separated by ";", in one round trip; `outcomes` may be null. Failures are
  // kStorageFailed, or kUnavailable if the connection is lost, or kConditionFailed if the
  // transaction collided with another: then it is rolled back and may be repeated.
  Status Query(std::string_view statements, std::vector<Outcome>* outcomes);

  // Appends an integer, or bytes as a literal.
  void Append(const MysqlValue& value, std::string* sql);

  // With "?" for each value; lives as long as the client. Columns are read as integers, except
  // those whose name is "data". Failures as of Query.
  Result<Statement*> Prepare(std::string_view statement);

 private:
  struct Handles;
  explicit MysqlClient(std::unique_ptr<Handles> handles);
  Status Failure() const;

  const std::unique_ptr<Handles> handles_;
  std::vector<std::unique_ptr<Statement>> statements_;
};

class MysqlClient::Statement {
 public:
  // A row: integers, in the order of the columns, and bytes are left out.
  using TakeRow = std::function<void(const std::vector<uint64_t>& integers, ByteView data)>;

  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // `take` may be null. Failures as of Query.
  Status Execute(const std::vector<MysqlValue>& values, const TakeRow& take);

 private:
  friend class MysqlClient;
  struct Handles;
  explicit Statement(std::unique_ptr<Handles> handles);
  Status Failure() const;
  Status ReadRows(const TakeRow& take);

  const std::unique_ptr<Handles> handles_;
};

}  // namespace smile::bench
