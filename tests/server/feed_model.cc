#include "tests/server/feed_model.h"

#include <algorithm>
#include <array>

#include "base/coding.h"
#include "base/hash.h"
#include "protocol/message.h"

namespace smile::testing {
namespace {

constexpr uint64_t kReaders = 3;   // who read, from 1 on; they are authors too
constexpr uint64_t kAuthors = 12;  // from 1 on
constexpr uint64_t kPosts = 15;    // ids of posts, so that many authors have the same
constexpr size_t kWalks = 4;
constexpr uint32_t kFrameBytes = limits::kLeastReplyFrameBytes;
constexpr std::array<uint8_t, 3> kKinds = {1, 2, 200};
constexpr std::array<uint8_t, 3> kInverse = {201, 202, 203};  // of these; nobody reads them

// A few of 9,000 bytes do not fit into one reply, and the last does not fit into any.
constexpr std::array<size_t, 5> kValueBytes = {0, 20, 300, 9000, kFrameBytes};

}  // namespace

FeedModel::FeedModel(Choose choose)
    : choose_(std::move(choose)),
      engine_(&memory_, choose_),
      session_(std::make_shared<Session>(parts_.shared, [] {})) {
  Ask<op::Hello>({.max_frame_bytes = kFrameBytes}, [&](Code code, const op::Hello::Response&) {
    Expect(code == Code::kOk, "HELLO is accepted");
  });
  walks_.resize(kWalks);
  for (Walk& walk : walks_) Begin(&walk);
}

FeedModel::~FeedModel() {
  session_.reset();
  memory_.Close();
}

void FeedModel::Expect(bool holds, const char* what) {
  if (!holds && failure_.empty()) failure_ = what;
}

template <class Row, class Take>
void FeedModel::Ask(const typename Row::Request& request, Take take) {
  Bytes bytes;
  EncodeRequest<Row>(next_id_++, /*deadline_ms=*/0, request, &bytes);
  session_->Receive(bytes);
  parts_.RunPosted();
  Bytes output;
  while (session_->has_output()) output += session_->TakeOutput().bytes;
  FrameReader reader(kFrameBytes);
  reader.Feed(output);
  Frame frame;
  if (reader.Next(&frame) != FrameReader::Event::kFrame) {
    return Expect(false, "every request is answered within the agreed frame");
  }
  const auto code = static_cast<Code>(frame.header.code);
  typename Row::Response response;
  if (code == Code::kOk) Expect(Decode(frame.body, &response).ok(), "a reply can be decoded");
  take(code, response);
  Expect(reader.buffered_bytes() == 0, "a request is answered once");
}

void FeedModel::Step() {
  Walk* const walk = &walks_[choose_(kWalks)];
  switch (choose_(12)) {
    case 0:
    case 1:
      return Link();
    case 2:
    case 3:
    case 4:
      return Write();
    case 5:
      return choose_(4) == 0 ? Erase(1 + choose_(kAuthors)) : Write();
    case 6:
      return Begin(walk);
    case 7:
      return ContinueElsewhere(*walk);
    case 8:
      return ContinueDamaged(*walk);
    default:
      return Continue(walk);
  }
}

void FeedModel::Link() {
  const uint64_t user = 1 + choose_(kReaders);
  const size_t which = choose_(kKinds.size());
  const uint8_t kind = kKinds[which];
  const uint64_t other = 1 + choose_(kAuthors);
  if (user == other) return;
  const auto expect_ok = [this](Code code, const auto&) {
    Expect(code == Code::kOk, "a link changes");
  };
  if (choose_(4) == 0) {
    links_[{user, kind}].erase(other);
    return Ask<op::Unlink>({.user = user, .kind = kind, .other = other}, expect_ok);
  }
  links_[{user, kind}].insert(other);
  Ask<op::Link>({.user = user, .kind = kind, .other = other, .inverse = kInverse[which]},
                expect_ok);
}

void FeedModel::Write() {
  const uint64_t author = 1 + choose_(kAuthors);
  const uint64_t post = choose_(kPosts) == 0 ? UINT64_MAX : choose_(kPosts);
  const Key key = PostKey(author, post);
  if (choose_(4) == 0) {
    posts_.erase({post, author});
    return Ask<op::Delete>({.key = key}, [this](Code code, const auto&) {
      Expect(code == Code::kOk, "a post is deleted");
    });
  }
  const Bytes value(kValueBytes[choose_(kValueBytes.size())], static_cast<char>(choose_(256)));
  Ask<op::Put>({.key = key, .checksum = Hash64(value), .value = value},
               [&](Code code, const op::Put::Response& response) {
                 Expect(code == Code::kOk, "a post is written");
                 posts_[{post, author}] = {.version = response.version, .value = value};
               });
}

// All that a user wrote, and the links of both sides.
void FeedModel::Erase(uint64_t author) {
  bool done = false;
  while (!done && failure_.empty()) {
    Ask<op::UserErase>({.user = author}, [&](Code code, const op::UserErase::Response& erased) {
      Expect(code == Code::kOk, "a user is erased");
      done = erased.done;
    });
  }
  std::erase_if(posts_, [&](const auto& post) { return post.first.second == author; });
  for (auto& [side, others] : links_) {
    others.erase(author);
    if (side.first == author) others.clear();
  }
}

void FeedModel::Begin(Walk* walk) {
  *walk = {.user = 1 + choose_(kReaders),
           .kinds = {},
           .limit = static_cast<uint32_t>(1 + choose_(8)),
           .keys_only = choose_(3) == 0,
           .newer_than = {},
           .continuation = {}};
  for (uint64_t kinds = 1 + choose_(kKinds.size()); kinds > 0; --kinds) {
    walk->kinds.insert(kKinds[choose_(kKinds.size())]);
  }
  if (choose_(4) == 0) walk->newer_than = choose_(kPosts);
  walk->continuation = Read(*walk);
}

void FeedModel::Continue(Walk* walk) {
  if (walk->continuation.empty()) return Begin(walk);
  walk->continuation = Read(*walk);
}

// Its token in the feed of somebody else, or of other kinds; a limit may be another.
void FeedModel::ContinueElsewhere(const Walk& walk) {
  Walk other = walks_[choose_(kWalks)];
  other.continuation = walk.continuation;
  (void)Read(other);
}

void FeedModel::ContinueDamaged(const Walk& walk) {
  Walk damaged = walk;
  Bytes& token = damaged.continuation;
  for (uint64_t changes = 1 + choose_(3); changes > 0; --changes) {
    switch (choose_(3)) {
      case 0:
        token.insert(choose_(token.size() + 1), 1, static_cast<char>(choose_(256)));
        break;
      case 1:
        if (!token.empty()) token.erase(choose_(token.size()), 1);
        break;
      default:
        if (!token.empty()) token[choose_(token.size())] = static_cast<char>(choose_(256));
    }
  }
  (void)Read(damaged);
}

// In the order of feeds.
bool FeedModel::IsBefore(const Place& one, const Place& other) {
  return one.first != other.first ? one.first > other.first : one.second < other.second;
}

bool FeedModel::IsTokenOf(const Walk& walk, ByteView token, std::optional<Place>* place) {
  if (token.empty()) return true;
  Bytes start(1, 1);
  AppendBig(&start, walk.user);
  start.append(walk.kinds.begin(), walk.kinds.end());
  if (token.size() != start.size() + 16 || !token.starts_with(start)) return false;
  token.remove_prefix(start.size());
  *place = Place(LoadBig<uint64_t>(token.data()), LoadBig<uint64_t>(token.data() + 8));
  return true;
}

std::vector<FeedModel::Place> FeedModel::Expected(const Walk& walk) const {
  std::optional<Place> after;
  (void)IsTokenOf(walk, walk.continuation, &after);
  std::vector<Place> places;
  for (const auto& post : posts_) {
    const Place& place = post.first;
    const bool is_author = std::any_of(walk.kinds.begin(), walk.kinds.end(), [&](uint8_t kind) {
      const auto others = links_.find({walk.user, kind});
      return others != links_.end() && others->second.contains(place.second);
    });
    if (!is_author || (walk.newer_than && place.first <= *walk.newer_than)) continue;
    if (!after || IsBefore(*after, place)) places.push_back(place);
  }
  std::sort(places.begin(), places.end(), IsBefore);
  return places;
}

Bytes FeedModel::Read(const Walk& walk) {
  op::Feed::Request request{.user = walk.user,
                            .kinds = {walk.kinds.begin(), walk.kinds.end()},
                            .limit = walk.limit,
                            .keys_only = walk.keys_only,
                            .newer_than = walk.newer_than,
                            .continuation = {}};
  if (!walk.continuation.empty() || choose_(2) == 0) request.continuation = walk.continuation;
  Bytes continuation;
  Ask<op::Feed>(request, [&](Code code, const op::Feed::Response& feed) {
    std::optional<Place> after;
    const bool is_valid = IsTokenOf(walk, walk.continuation, &after);
    Expect(code == (is_valid ? Code::kOk : Code::kInvalid), "a token is valid in its own feed");
    if (code != Code::kOk) return;
    const std::vector<Place> expected = Expected(walk);
    Expect(!feed.gap && !feed.cut, "nothing is missing");
    Expect(feed.entries.size() <= std::min<size_t>(walk.limit, expected.size()),
           "a page has what there is, up to its limit");
    if (!failure_.empty()) return;
    for (size_t i = 0; i < feed.entries.size(); ++i) {
      const op::FeedEntry& entry = feed.entries[i];
      const Post& post = posts_.at(expected[i]);
      Expect(Place(entry.post, entry.author) == expected[i], "no post is skipped or repeated");
      const bool fits = walk.keys_only || post.value.size() < kFrameBytes;
      Expect(entry.outcome == (fits ? EntryOutcome::kFound : EntryOutcome::kTooLarge),
             "a post that fits is found");
      if (!fits) continue;
      Expect(entry.record.version == post.version, "the version is that of the post");
      Expect(entry.record.value == (walk.keys_only ? Bytes() : post.value),
             "the value is that of the post");
    }
    continuation = feed.continuation;
    const bool is_whole = feed.entries.size() == expected.size();
    Expect(!continuation.empty() || is_whole, "a feed without a continuation is complete");
    std::optional<Place> next;
    Expect(continuation.empty() || IsTokenOf(walk, continuation, &next), "it continues itself");
    if (next && !is_whole) {
      Expect(IsBefore(*next, expected[feed.entries.size()]), "the next page skips no post");
    }
    if (next && !feed.entries.empty()) {
      Expect(!IsBefore(*next, expected[feed.entries.size() - 1]), "the next page repeats no post");
    }
    const bool moved = !after || !next || next != after;
    Expect(moved, "every page goes on");
  });
  return continuation;
}

}  // namespace smile::testing
