#include "client/blocking.h"

#include <future>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/client/fake_server.h"

namespace smile {
namespace {

// Sends the reply of `Row` that `answer` makes of each of its requests.
template <class Row, class MakeReply>
FakePeer::Script Answering(MakeReply make_reply) {
  return [make_reply](FakePeer& peer, int, const Frame& frame) mutable {
    if (frame.header.code != Row::kInfo.code) return false;
    typename Row::Request request;
    EXPECT_TRUE(Decode(frame.body, &request).ok());
    make_reply(peer, frame.header.id, request);
    return true;
  };
}

class Blocking : public ::testing::Test {
 protected:
  BlockingClient* Connect(FakePeer::Script script = nullptr) {
    server_.emplace(FakeServerOptions{.script = std::move(script)});
    client_ = std::move(Client::Create({.servers = {server_->endpoint()}})).value();
    return &blocking_.emplace(client_.get());
  }

 private:
  std::optional<FakeServer> server_;
  std::unique_ptr<Client> client_;
  std::optional<BlockingClient> blocking_;
};

TEST_F(Blocking, PutGetAndPingBlock) {
  BlockingClient* const client = Connect();
  EXPECT_TRUE(client->Ping().ok());
  const Key key = UserKey(1, "profile");
  EXPECT_EQ(client->Get(key.view()).status().code(), Code::kNotFound);
  EXPECT_EQ(*client->Put(key.view(), "Ada"), 1u);
  const Result<Record> record = client->Get(key.view());
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->value, "Ada");
  EXPECT_EQ(client->Delete(key.view()).status().code(), Code::kUnsupported);
}

TEST_F(Blocking, MGetRepeatsUntilEachKeyIsAnswered) {
  std::vector<size_t> asked;
  BlockingClient* const client =
      Connect(Answering<op::MGet>([&](FakePeer& peer, uint32_t id, op::MGet::Request& request) {
        asked.push_back(request.keys.size());
        op::MGet::Response response;
        for (const KeyView& key : request.keys) {
          const bool full = response.results.size() >= 400;
          auto& result = response.results.emplace_back();
          result.outcome = full ? KeyOutcome::kRetry : KeyOutcome::kFound;
          if (!full) result.record = {1, Hash64(key.sort), 0, key.sort};
        }
        peer.Reply<op::MGet>(id, response);
      }));
  std::vector<Key> keys;
  for (uint64_t i = 0; i < 1100; ++i) keys.push_back(UserKey(i, "r" + std::to_string(i)));
  std::vector<KeyView> views;
  for (const Key& key : keys) views.push_back(key.view());
  const auto found = client->MGet(views);
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  ASSERT_EQ(found->size(), keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ((*found)[i].outcome, KeyOutcome::kFound);
    EXPECT_EQ((*found)[i].record.value, "r" + std::to_string(i));
  }
  EXPECT_EQ(asked, (std::vector<size_t>{1000, 700, 300}));
}

TEST_F(Blocking, MGetWithoutProgressIsAnError) {
  BlockingClient* const client =
      Connect(Answering<op::MGet>([](FakePeer& peer, uint32_t id, op::MGet::Request& request) {
        op::MGet::Response response;
        response.results.resize(request.keys.size());
        for (auto& result : response.results) result.outcome = KeyOutcome::kRetry;
        peer.Reply<op::MGet>(id, response);
      }));
  const Key key = UserKey(1, "profile");
  const KeyView views[] = {key.view()};
  EXPECT_EQ(client->MGet(views).status().code(), Code::kProtocolError);
}

// Those with odd ids are linked, and a reply has room for 200 of them.
TEST_F(Blocking, CheckLinksRepeatsUntilEachLinkIsTold) {
  std::vector<size_t> asked;
  BlockingClient* const client = Connect(
      Answering<op::LinkCheck>([&](FakePeer& peer, uint32_t id, op::LinkCheck::Request& request) {
        EXPECT_EQ(request.user, 42u);
        EXPECT_EQ(request.kind, 1);
        asked.push_back(request.others.size());
        op::LinkCheck::Response response;
        for (const uint64_t other : request.others) {
          if (other % 2 == 0) continue;
          auto& entry = response.entries.emplace_back();
          entry.other = other;
          if (response.entries.size() > 200) {
            entry.outcome = EntryOutcome::kRetry;
          } else {
            entry.value = "v";
          }
        }
        peer.Reply<op::LinkCheck>(id, response);
      }));
  std::vector<uint64_t> others;
  for (uint64_t other = 1; other <= 1100; ++other) others.push_back(other);
  others.push_back(7);  // once more
  const auto found = client->CheckLinks(42, 1, others);
  ASSERT_TRUE(found.ok()) << found.status().ToString();
  ASSERT_EQ(found->size(), 551u);
  for (size_t i = 0; i < found->size(); ++i) {
    EXPECT_EQ((*found)[i].other, i < 550 ? 2 * i + 1 : 7);
    EXPECT_EQ((*found)[i].outcome, EntryOutcome::kFound);
    EXPECT_EQ((*found)[i].value, "v");
  }
  EXPECT_EQ(asked, (std::vector<size_t>{1000, 401, 151}));
}

TEST_F(Blocking, RepliesToCheckLinksAreChecked) {
  uint64_t other = 8;
  EntryOutcome outcome = EntryOutcome::kFound;
  BlockingClient* const client =
      Connect(Answering<op::LinkCheck>([&](FakePeer& peer, uint32_t id, op::LinkCheck::Request&) {
        peer.Reply<op::LinkCheck>(id, {.entries = {{.outcome = outcome, .other = other}}});
      }));
  const uint64_t others[] = {7};
  EXPECT_EQ(client->CheckLinks(42, 1, others).status().code(), Code::kProtocolError);
  other = 7;
  EXPECT_TRUE(client->CheckLinks(42, 1, others).ok());
  outcome = EntryOutcome::kRetry;
  EXPECT_EQ(client->CheckLinks(42, 1, others).status().code(), Code::kProtocolError);
}

TEST_F(Blocking, ScanFollowsItsContinuationTokens) {
  // Pages of two, an empty page, then the rest; the request says where it is in its continuation.
  BlockingClient* const client =
      Connect(Answering<op::Scan>([](FakePeer& peer, uint32_t id, op::Scan::Request& request) {
        EXPECT_EQ(request.partition.id, PartitionOf(7));
        EXPECT_EQ(request.from, "f");
        EXPECT_FALSE(request.to.has_value());
        const std::string at(request.continuation.value_or("start"));
        op::Scan::Response response;
        const auto add = [&](ByteView sort) {
          response.entries.push_back({EntryOutcome::kFound, sort, {1, Hash64(sort), 0, sort}});
        };
        if (at == "start") {
          add("a");
          add("b");
          response.continuation = "empty";
        } else if (at == "empty") {
          response.continuation = "last";
        } else {
          add("c");
        }
        peer.Reply<op::Scan>(id, response);
      }));
  std::optional<ScanReader> reader;
  {
    const Bytes partition = PartitionOf(7);
    const Bytes from = "f";
    reader.emplace(client,
                   op::Scan::Request{.partition = {Table::kUsers, partition}, .from = from});
  }
  std::string seen;
  while (const op::ScanEntry* entry = reader->Next()) seen += entry->sort;
  EXPECT_EQ(seen, "abc");
  EXPECT_TRUE(reader->status().ok());
  EXPECT_EQ(reader->Next(), nullptr);
}

TEST_F(Blocking, ScanReportsUnreadableEntries) {
  BlockingClient* const client =
      Connect(Answering<op::Scan>([](FakePeer& peer, uint32_t id, op::Scan::Request&) {
        peer.Reply<op::Scan>(id, {.entries = {{EntryOutcome::kCorrupt, "a", {}},
                                              {EntryOutcome::kGap, "", {}},
                                              {EntryOutcome::kFound, "b", {1, Hash64("b"), 0, "b"}},
                                              {EntryOutcome::kTooLarge, "c", {}}}});
      }));
  const Bytes partition = PartitionOf(7);
  ScanReader reader(client, {.partition = {Table::kUsers, partition}});
  std::vector<EntryOutcome> seen;
  while (const op::ScanEntry* entry = reader.Next()) seen.push_back(entry->outcome);
  EXPECT_TRUE(reader.status().ok()) << reader.status().message();
  EXPECT_EQ(seen, (std::vector{EntryOutcome::kCorrupt, EntryOutcome::kGap, EntryOutcome::kFound,
                               EntryOutcome::kTooLarge}));
}

TEST_F(Blocking, ScanReportsFailure) {
  int pages = 0;
  BlockingClient* const client =
      Connect(Answering<op::Scan>([&](FakePeer& peer, uint32_t id, op::Scan::Request&) {
        if (pages++ > 0) return peer.Refuse(id, {Code::kStorageFailed, "no disk"});
        op::Scan::Response response;
        response.entries.push_back({EntryOutcome::kFound, "a", {1, Hash64("a"), 0, "a"}});
        response.continuation = "more";
        peer.Reply<op::Scan>(id, response);
      }));
  const Bytes partition = PartitionOf(7);
  ScanReader reader(client, {.partition = {Table::kUsers, partition}});
  ASSERT_NE(reader.Next(), nullptr);
  EXPECT_EQ(reader.Next(), nullptr);
  EXPECT_EQ(reader.status().code(), Code::kStorageFailed);
  EXPECT_EQ(reader.Next(), nullptr);
}

class BlockingList : public Blocking, public ::testing::WithParamInterface<bool> {};

TEST_P(BlockingList, ListReturnsPartitionsAndReportsGaps) {
  const bool with_gap = GetParam();
  BlockingClient* const client = Connect(
      Answering<op::List>([with_gap](FakePeer& peer, uint32_t id, op::List::Request& request) {
        EXPECT_EQ(request.table, Table::kLogins);
        op::List::Response response;
        response.partitions = {request.continuation.has_value() ? "grace" : "ada"};
        if (!request.continuation.has_value()) response.continuation = "gap";
        if (request.continuation == "gap") {  // a page with nothing on it
          response = {.partitions = {}, .gap = with_gap, .continuation = "more"};
        }
        peer.Reply<op::List>(id, response);
      }));
  ListReader reader(client, Table::kLogins);
  std::vector<Bytes> seen;
  while (const ByteView* partition = reader.Next()) seen.emplace_back(*partition);
  EXPECT_EQ(seen, (std::vector<Bytes>{"ada", "grace"}));
  EXPECT_TRUE(reader.status().ok());
  EXPECT_EQ(reader.gap(), with_gap);
}

INSTANTIATE_TEST_SUITE_P(AnyAnswer, BlockingList, ::testing::Bool());

TEST_F(Blocking, BatchReturnsVersions) {
  BlockingClient* const client =
      Connect(Answering<op::Batch>([](FakePeer& peer, uint32_t id, op::Batch::Request& request) {
        EXPECT_EQ(request.items.size(), 2u);
        peer.Reply<op::Batch>(id, {{5, 0}});
      }));
  const Bytes partition = PartitionOf(7);
  EXPECT_EQ(*client->Batch({Table::kUsers, partition}, {{.sort = "a"}, {.sort = "b"}}),
            (std::vector<uint64_t>{5, 0}));
}

TEST_F(Blocking, AWriteWhoseConditionIsNotMetTellsTheVersionThatItMet) {
  BlockingClient* const client = Connect([](FakePeer& peer, int, const Frame& frame) {
    Bytes out;
    const bool batch = frame.header.code == op::Batch::kInfo.code;
    const ErrorDetail detail =
        batch ? ErrorDetail{.index = 1, .version = 0, .met_index = 0} : ErrorDetail{.version = 77};
    EncodeError(frame.header.id, {Code::kConditionFailed, "condition not met"}, detail, &out);
    peer.Send(std::move(out));
    return true;
  });
  const Key key = UserKey(1, "profile");
  const auto put = client->Put(key, "Ada", {.condition = IfAbsent()});
  EXPECT_EQ(put.status().code(), Code::kConditionFailed);
  EXPECT_EQ(put.met_version(), 77u);
  EXPECT_EQ(client->Delete(key, IfVersion(5)).met_version(), 77u);
  const auto batch = client->Batch(key.view().partition_view(), {{.sort = "a"}, {.sort = "a"}});
  EXPECT_EQ(batch.met_version(), std::nullopt);
  EXPECT_EQ(batch.failed_item(), 1u);
  EXPECT_EQ(batch.changed_by_item(), 0u);
}

TEST_F(Blocking, StatsHaveNames) {
  BlockingClient* const client =
      Connect(Answering<op::Stats>([](FakePeer& peer, uint32_t id, op::Stats::Request&) {
        peer.Reply<op::Stats>(id, {{{"a.count", 1}, {"b.bytes", 2}}});
      }));
  EXPECT_EQ(*client->Stats(),
            (std::vector<std::pair<Bytes, uint64_t>>{{"a.count", 1}, {"b.bytes", 2}}));
}

TEST(BlockingDeathTest, ACallInACallbackStopsTheProcessInsteadOfWaitingForItself) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        FakeServer server;
        const auto client = Client::Create({.servers = {server.endpoint()}}).value();
        BlockingClient blocking(client.get());
        std::promise<void> never;
        client->Call<op::Ping>(
            {}, {}, [&](const Answer<op::Ping>&) { static_cast<void>(blocking.Ping()); });
        never.get_future().wait();
      },
      "a callback must not block");
}

}  // namespace
}  // namespace smile
