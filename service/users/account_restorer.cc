#include "service/users/account_restorer.h"

#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "service/logins/login_records.h"
#include "service/media/media_records.h"

namespace smile {
namespace {

constexpr Table kSources[] = {Table::kLogins, Table::kSessions, Table::kUploads};

}  // namespace

std::optional<AccountRestorer::Expected> AccountRestorer::ExpectedFor(Table table,
                                                                      const Bytes& partition,
                                                                      ByteView value) {
  switch (table) {
    case Table::kLogins:
      if (const auto login = DecodeLoginRecord(value)) {
        return Expected{login->user, PutChange(AccountLoginSort(partition), {})};
      }
      return std::nullopt;
    case Table::kSessions: {
      const auto session = DecodeSessionRecord(value);
      Sha256Digest token;
      if (!session || partition.size() != token.bytes.size()) return std::nullopt;
      std::memcpy(token.bytes.data(), partition.data(), token.bytes.size());
      Change put = PutChange(AccountSessionSort(session->created_ms, token), Bytes(value));
      put.expires_ms = session->expires_ms;
      return Expected{session->user, std::move(put)};
    }
    case Table::kUploads: {
      const auto upload = DecodeUploadRecord(value);
      ContentId id;
      if (!upload || partition.size() != id.bytes.size()) return std::nullopt;
      std::memcpy(id.bytes.data(), partition.data(), id.bytes.size());
      Change put = PutChange(AccountUploadSort(id), {});
      put.expires_ms = upload->expires_ms;
      return Expected{upload->id.owner, std::move(put)};
    }
    default:
      CHECK(false, "records of this table are not listed in `accounts`");
  }
}

AccountRestorer::AccountRestorer(Engine& engine, const Clock& clock, std::vector<UserRange> lost,
                                 Progress progress)
    : engine_(engine), clock_(clock), lost_(std::move(lost)), progress_(std::move(progress)) {
  CHECK(engine.can_write_together(), "records of several users are one write");
}

Task<Result<uint64_t>> AccountRestorer::Run() {
  for (const Table table : kSources) {
    if (Status status = co_await RestoreFrom(table); !status.ok()) co_return status;
  }
  co_return restored_;
}

Task<Status> AccountRestorer::RestoreFrom(Table table) {
  ListRequest list{.table = table, .limit = limits::kMaxMGetKeys};
  for (;;) {
    const Result<ListPage> page = co_await engine_.List(list);
    if (!page.ok()) co_return page.status();
    if (page->gap) {
      co_return Status(Code::kCorrupt,
                       std::string("some ") + std::string(InfoOf(table).name) + " cannot be read");
    }
    if (Status status = co_await RestoreFromPage(table, *page); !status.ok()) co_return status;
    if (!page->more) co_return Status();
    ContinueList(*page, &list);
  }
}

Task<Status> AccountRestorer::RestoreFromPage(Table table, const ListPage& page) {
  if (page.partitions.empty()) co_return Status();
  ReadRequest request;
  request.keys.reserve(page.partitions.size());
  for (const Bytes& partition : page.partitions) request.keys.emplace_back(table, partition, "");
  const Result<ReadReply> records = co_await engine_.Read(std::move(request));
  if (!records.ok()) co_return records.status();
  std::vector<Expected> expected;
  for (size_t i = 0; i < page.partitions.size(); ++i) {
    const Result<Record>& record = (*records)[i];
    if (record.ok()) {
      auto one = ExpectedFor(table, page.partitions[i], record->value);
      if (one && IsOfInterest(*one)) expected.push_back(std::move(*one));
    } else if (record.status().code() != Code::kNotFound) {
      co_return record.status();
    }
  }
  read_ += page.partitions.size();
  progress_(read_);
  co_return co_await PutMissing(std::move(expected));
}

bool AccountRestorer::IsOfInterest(const Expected& one) const {
  if (!Contains(lost_, one.user)) return false;
  const auto now_ms = static_cast<uint64_t>(clock_.WallMillis());
  return one.put.expires_ms == 0 || one.put.expires_ms > now_ms;
}

Task<Status> AccountRestorer::PutMissing(std::vector<Expected> expected) {
  if (expected.empty()) co_return Status();
  ReadRequest request;
  request.keys.reserve(expected.size());
  for (const Expected& one : expected) {
    request.keys.emplace_back(Table::kAccounts, PartitionOf(one.user), one.put.sort);
  }
  const Result<ReadReply> found = co_await engine_.Read(std::move(request));
  if (!found.ok()) co_return found.status();
  std::vector<Expected> missing;
  for (size_t i = 0; i < expected.size(); ++i) {
    const Status& status = (*found)[i].status();
    if (status.code() == Code::kNotFound) {
      missing.push_back(std::move(expected[i]));
      if (missing.size() < limits::kMaxWritesTogether) continue;
      if (Status put = co_await Put(std::exchange(missing, {})); !put.ok()) co_return put;
    } else if (!status.ok()) {
      co_return status;
    }
  }
  co_return co_await Put(std::move(missing));
}

Task<Status> AccountRestorer::Put(std::vector<Expected> missing) {
  std::optional<WriteRequest> write;
  for (const Expected& one : missing) {
    WriteRequest request = RequestOf(Table::kAccounts, PartitionOf(one.user), {one.put});
    if (write) {
      write->AddAlso(std::move(request));
    } else {
      write.emplace(std::move(request));
    }
  }
  if (!write) co_return Status();
  const WriteReply written = co_await engine_.Write(std::move(*write));
  if (written.status.ok()) restored_ += missing.size();
  co_return written.status;
}

}  // namespace smile
