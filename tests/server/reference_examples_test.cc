// The examples of docs/PROTOCOL.md are what a session answers, byte for byte.
#include <numeric>
#include <string>
#include <vector>

#include "base/text.h"
#include "protocol/reference.h"
#include "tests/server/session_fixture.h"

namespace smile {
namespace {

// An engine with one number of its own to tell.
class ReferenceExamplesTest : public SessionTest {};

TEST_F(ReferenceExamplesTest, ExamplesOfThePageMatchASession) {
  // Its first upload has the id of the page.
  const MediaService media(engine_, services_.media.store, clock_, [] {
    ContentId id;
    std::iota(id.bytes.begin(), id.bytes.end(), uint8_t{0});
    return id;
  });
  const SessionService sessions(engine_, clock_, [](size_t count) {
    Bytes token(count, '\0');
    std::iota(token.begin(), token.end(), '\0');
    return token;
  });
  const UserService users(engine_, media, services_.links, services_.logins, sessions, clock_);
  const Services services{.media = media,
                          .links = services_.links,
                          .logins = services_.logins,
                          .sessions = sessions,
                          .users = users,
                          .feeds = services_.feeds,
                          .watches = services_.watches};
  services_.watches.StartFrom(engine_.Observe(&services_.watches));
  const Handlers handlers(engine_, services, clock_, [] {
    return EngineStats{{"server.connections.open_count", 1}};
  });
  engine_.tells_stats = false;
  const Session::Shared shared{.handlers = handlers,
                               .clock = clock_,
                               .metrics = metrics_,
                               .memory = pool_,
                               .discarded = discarded_,
                               .watches = watches_,
                               .post = [this](auto task) { posted_.push_back(std::move(task)); }};
  session_ = std::make_shared<Session>(shared, [] {});

  size_t replies = 0;
  Bytes output;
  for (const Example& example : MakeExamples()) {
    const FrameHeader header = LoadFrameHeader(example.frame);
    if ((header.flags & kFlagCoversStart) != 0) continue;  // another form of the same reply
    if ((header.flags & kFlagReply) == 0) {
      EXPECT_EQ(ToHex(output), "") << "before " << example.title;
      Send(example.frame);
      watches_.Run();
      while (session_->has_output()) output += session_->TakeOutput().bytes;
    } else {
      EXPECT_EQ(ToHex(ByteView(output).substr(0, example.frame.size())), ToHex(example.frame))
          << example.title;
      output.erase(0, example.frame.size());
      ++replies;
    }
  }
  EXPECT_EQ(ToHex(output), "");
  EXPECT_GT(replies, 10u);
  EXPECT_TRUE(session_->finished());
  session_.reset();
}

}  // namespace
}  // namespace smile
