#include "client/blocking.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"
#include "base/limits.h"

namespace smile {
namespace {

std::optional<ByteView> ViewOf(const std::optional<ByteView>& given, const Bytes& owned) {
  CHECK(given.value_or(ByteView()) == owned, "`owned` is a copy");
  return given.has_value() ? std::optional<ByteView>(owned) : std::nullopt;
}

// The next item of the pages of `request`; null at the end, or when *status is not ok. The
// continuation points into the previous page, which is kept until the request is encoded.
template <class Row, class ItemsOf>
auto* NextItem(BlockingClient* client, const CallOptions& options, typename Row::Request* request,
               std::optional<Answer<Row>>* page, size_t* next, Status* status, ItemsOf items_of) {
  using Item = std::remove_reference_t<decltype(items_of(***page)[0])>;
  if (!status->ok()) return static_cast<Item*>(nullptr);
  while (!page->has_value() || *next == items_of(***page).size()) {
    if (page->has_value()) {
      if ((**page)->continuation.empty()) return static_cast<Item*>(nullptr);
      request->continuation = (**page)->continuation;
    }
    Answer<Row> answer = client->Call<Row>(*request, options);
    if (!answer.ok()) {
      *status = answer.status();
      return static_cast<Item*>(nullptr);
    }
    page->emplace(std::move(answer));
    *next = 0;
  }
  CHECK(*next < items_of(***page).size());
  return &items_of(***page)[(*next)++];
}

Status UnexpectedLink() {
  return {Code::kProtocolError, "the reply to LINK_CHECK has a link that was not asked for there"};
}

std::vector<LinkAnswer> Present(std::vector<std::optional<LinkAnswer>> found) {
  std::vector<LinkAnswer> present;
  for (std::optional<LinkAnswer>& link : found) {
    if (link.has_value()) present.push_back(std::move(*link));
  }
  return present;
}

}  // namespace

Status BlockingClient::Ping(const CallOptions& options) {
  return Call<op::Ping>({}, options).status();
}

Result<Record> BlockingClient::Get(const KeyView& key, const CallOptions& options) {
  const auto answer = Call<op::Get>({key}, options);
  if (!answer.ok()) return answer.status();
  return Record(answer->record);
}

Result<std::vector<KeyAnswer>> BlockingClient::MGet(std::span<const KeyView> keys,
                                                    const CallOptions& options) {
  std::vector<KeyAnswer> found(keys.size());
  std::vector<size_t> remaining(keys.size());  // indexes of keys without a result
  std::iota(remaining.begin(), remaining.end(), size_t{0});
  while (!remaining.empty()) {
    const size_t count = std::min(remaining.size(), limits::kMaxMGetKeys);
    op::MGet::Request request;
    for (size_t i = 0; i < count; ++i) request.keys.push_back(keys[remaining[i]]);
    const auto answer = Call<op::MGet>(request, options);
    if (!answer.ok()) return answer.status();
    if (answer->results.size() != count) {
      return Status(Code::kProtocolError, "the reply to MGET does not have one result per key");
    }
    std::vector<size_t> next;
    for (size_t i = 0; i < count; ++i) {
      const auto& result = answer->results[i];
      if (result.outcome == KeyOutcome::kRetry) {
        next.push_back(remaining[i]);
      } else {
        found[remaining[i]] = KeyAnswer{result.outcome, Record(result.record)};
      }
    }
    if (next.size() == count) {
      return Status(Code::kProtocolError, "the reply to MGET has no result for any key");
    }
    next.insert(next.end(), remaining.begin() + static_cast<ptrdiff_t>(count), remaining.end());
    CHECK(next.size() < remaining.size(), "each request gets at least one result");
    remaining = std::move(next);
  }
  return found;
}

Result<std::vector<KeyAnswer>> BlockingClient::MGet(std::span<const Key> keys,
                                                    const CallOptions& options) {
  const std::vector<KeyView> views(keys.begin(), keys.end());
  return MGet(views, options);
}

Result<std::vector<LinkAnswer>> BlockingClient::CheckLinks(uint64_t user, uint8_t kind,
                                                           std::span<const uint64_t> others,
                                                           const CallOptions& options) {
  std::vector<std::optional<LinkAnswer>> found(others.size());
  std::vector<size_t> remaining(others.size());  // indexes of others without a result
  std::iota(remaining.begin(), remaining.end(), size_t{0});
  while (!remaining.empty()) {
    const size_t count = std::min(remaining.size(), limits::kMaxLinkChecks);
    op::LinkCheck::Request request{.user = user, .kind = kind, .others = {}};
    for (size_t i = 0; i < count; ++i) request.others.push_back(others[remaining[i]]);
    const auto answer = Call<op::LinkCheck>(request, options);
    if (!answer.ok()) return answer.status();
    std::vector<size_t> next;
    size_t i = 0;  // entries are in the order of the request
    for (const op::LinkEntry& entry : answer->entries) {
      while (i < count && request.others[i] != entry.other) ++i;
      if (i == count) return UnexpectedLink();
      const size_t index = remaining[i++];
      if (entry.outcome == EntryOutcome::kRetry) {
        next.push_back(index);
      } else {
        found[index] = LinkAnswer{entry.outcome, entry.other, entry.time_ms, entry.inverse,
                                  Bytes(entry.value)};
      }
    }
    if (!next.empty() && next.size() == answer->entries.size()) {
      return Status(Code::kProtocolError, "the reply to LINK_CHECK has no result for any link");
    }
    next.insert(next.end(), remaining.begin() + static_cast<ptrdiff_t>(count), remaining.end());
    CHECK(next.size() < remaining.size(), "each request gets at least one result");
    remaining = std::move(next);
  }
  return Present(std::move(found));
}

WriteResult<uint64_t> BlockingClient::Put(const KeyView& key, ByteView value, const PutOptions& put,
                                          const CallOptions& options) {
  const auto answer = Call<op::Put>({.key = key,
                                     .condition = put.condition,
                                     .value = value,
                                     .expire_seconds = put.expire_seconds},
                                    options);
  if (!answer.ok()) return {answer.status(), answer.detail()};
  return answer->version;
}

WriteResult<uint64_t> BlockingClient::Delete(const KeyView& key, const Condition& condition,
                                             const CallOptions& options) {
  const auto answer = Call<op::Delete>({key, condition}, options);
  if (!answer.ok()) return {answer.status(), answer.detail()};
  return answer->version;
}

WriteResult<std::vector<uint64_t>> BlockingClient::Batch(const PartitionView& partition,
                                                         std::vector<op::BatchItem> items,
                                                         const CallOptions& options) {
  const auto answer = Call<op::Batch>({partition, std::move(items)}, options);
  if (!answer.ok()) return {answer.status(), answer.detail()};
  return answer->versions;
}

Result<std::vector<std::pair<Bytes, uint64_t>>> BlockingClient::Stats(const CallOptions& options) {
  const auto answer = Call<op::Stats>({}, options);
  if (!answer.ok()) return answer.status();
  std::vector<std::pair<Bytes, uint64_t>> stats;
  for (const auto& stat : answer->stats) stats.emplace_back(stat.name, stat.value);
  return stats;
}

ScanReader::ScanReader(BlockingClient* client, const op::Scan::Request& request,
                       const CallOptions& options)
    : client_(client),
      options_(options),
      request_(request),
      partition_(request.partition.id),
      from_(request.from.value_or(ByteView())),
      to_(request.to.value_or(ByteView())) {
  request_.partition.id = partition_;
  request_.from = ViewOf(request.from, from_);
  request_.to = ViewOf(request.to, to_);
  request_.continuation.reset();
  CHECK(request_.partition.id.data() == partition_.data(), "the request points into this object");
}

const op::ScanEntry* ScanReader::Next() {
  return NextItem<op::Scan>(
      client_, options_, &request_, &page_, &next_, &status_,
      [](const op::Scan::Response& page) -> auto& { return page.entries; });
}

ListReader::ListReader(BlockingClient* client, Table table, const CallOptions& options)
    : client_(client), options_(options) {
  request_.table = table;
  request_.limit = limits::kMaxListEntries;
}

const ByteView* ListReader::Next() {
  return NextItem<op::List>(
      client_, options_, &request_, &page_, &next_,
      &status_, [this](const op::List::Response& page) -> auto& {
        gap_ = gap_ || page.gap;
        return page.partitions;
      });
}

}  // namespace smile
