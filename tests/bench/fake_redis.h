// For tests: a server of this process that has the few commands of Redis that a feed needs.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "bench/smilebench/resp.h"
#include "net/event_loop.h"

namespace smile::bench {

class FakeRedis {
 public:
  FakeRedis() {
    auto loop = EventLoop::Create();
    CHECK(loop.ok());
    loop_ = std::move(loop).value();
    auto listener = loop_->ListenTcp({"127.0.0.1", 0}, [this](std::unique_ptr<Transport> accepted) {
      connections_.push_back(std::make_unique<Served>(this, std::move(accepted)));
    });
    CHECK(listener.ok());
    listener_ = std::move(listener).value();
    thread_ = std::thread([this] { loop_->Run(); });
  }
  ~FakeRedis() {
    loop_->Stop();
    thread_.join();
  }
  FakeRedis(const FakeRedis&) = delete;
  FakeRedis& operator=(const FakeRedis&) = delete;

  Endpoint listening_on() const { return {"127.0.0.1", listener_->port()}; }

  // The command that is answered with an error from now on. To be set before the first command.
  std::string refused;

 private:
  class Served final : private TransportEvents {
   public:
    Served(FakeRedis* server, std::unique_ptr<Transport> transport)
        : reader_([this, server](const RespReply& command) {
            Bytes out;
            server->Answer(command, &out);
            transport_->Send(std::move(out));
            return Status();
          }),
          transport_(std::move(transport)) {
      transport_->Start(this);
    }

   private:
    void OnBytes(ByteView bytes) override { CHECK(reader_.Receive(bytes).ok()); }
    void OnSent() override {}
    void OnEnd() override { transport_->Close(); }
    void OnClosed(const Status& /*status*/) override {}

    RespReader reader_;
    const std::unique_ptr<Transport> transport_;
  };

  // A command looks as a reply does: an array of strings.
  void Answer(const RespReply& command, Bytes* out) {
    std::vector<std::string> words;
    for (size_t i = 1; i < command.parts().size(); ++i) {
      words.emplace_back(command.BytesOf(command.parts()[i]));
    }
    const std::string& name = words.at(0);
    if (name == refused) {
      *out += "-ERR refused\r\n";
    } else if (name == "SET") {
      strings_[words.at(1)] = words.at(2);
      *out += "+OK\r\n";
    } else if (name == "SADD") {
      sets_[words.at(1)].insert(words.begin() + 2, words.end());
      *out += ":1\r\n";
    } else if (name == "ZADD") {
      sorted_[words.at(1)][std::stoull(words.at(2))] = words.at(3);
      *out += ":1\r\n";
    } else if (name == "EXEC") {  // of a transaction whose second command fails
      *out += "*2\r\n+OK\r\n-WRONGTYPE refused\r\n";
    } else if (name == "SMEMBERS") {
      const auto& set = sets_[words.at(1)];
      AppendStrings({set.begin(), set.end()}, out);
    } else if (name == "ZREVRANGE") {
      AppendStrings(Newest(words), out);
    } else {
      CHECK(name == "MGET");
      std::vector<std::string> values;
      for (size_t i = 1; i < words.size(); ++i) values.push_back(strings_.at(words[i]));
      AppendStrings(values, out);
    }
  }

  // ZREVRANGE key 0 last [WITHSCORES]
  std::vector<std::string> Newest(const std::vector<std::string>& words) {
    std::vector<std::string> found;
    uint64_t left = std::stoull(words.at(3)) + 1;
    const auto& all = sorted_[words.at(1)];
    for (auto each = all.rbegin(); each != all.rend() && left > 0; ++each, --left) {
      found.push_back(each->second);
      if (words.size() > 4) found.push_back(std::to_string(each->first));
    }
    return found;
  }

  static void AppendStrings(const std::vector<std::string>& strings, Bytes* out) {
    AppendRespHead('*', strings.size(), out);
    for (const std::string& each : strings) AppendRespString(each, out);
  }

  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Listener> listener_;
  std::vector<std::unique_ptr<Served>> connections_;
  std::thread thread_;
  std::map<std::string, std::string> strings_;
  std::map<std::string, std::set<std::string>> sets_;
  std::map<std::string, std::map<uint64_t, std::string>> sorted_;  // by score
};

}  // namespace smile::bench
