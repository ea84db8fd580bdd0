// The example frames of docs/PROTOCOL.md: a conversation of a client with a new server.
// tests/server/reference_examples_test.cc checks that a session gives these replies, clients in
// other languages are tested against them, and tests/protocol pins them, so that the wire format
// cannot change unnoticed.
#include <optional>
#include <utility>

#include "base/coding.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/sha256.h"
#include "base/text.h"
#include "protocol/describe.h"
#include "protocol/message.h"
#include "protocol/operations.h"
#include "protocol/reference.h"

namespace smile {
namespace {

class ExampleList {
 public:
  template <class Row>
  void Request(std::string title, uint32_t id, uint16_t deadline_ms,
               const typename Row::Request& request) {
    Bytes frame;
    EncodeRequest<Row>(id, deadline_ms, request, &frame);
    asked_ = RequestInfo{Row::kInfo.code, ContextOf(request)};
    Add(std::move(title), std::move(frame), {});
  }

  // The reply to the request that was added last.
  template <class Row>
  void Reply(std::string title, uint32_t id, const typename Row::Response& response) {
    ReplyTo<Row>(std::move(title), OkHeader(id), response);
  }
  // The same for one that others follow.
  template <class Row>
  void MoreReply(std::string title, uint32_t id, const typename Row::Response& response) {
    FrameHeader header = OkHeader(id);
    header.flags |= kFlagMoreFollows;
    ReplyTo<Row>(std::move(title), header, response);
  }

  // The same whose checksum covers only what is before the last field, `last`, which is empty in
  // `response`.
  template <class Row>
  void StartReply(std::string title, uint32_t id, const typename Row::Response& response,
                  ByteView last) {
    Bytes bytes;
    FrameWriter frame(&bytes, OkHeader(id));
    Encode(response, &bytes);
    bytes.pop_back();
    AppendVarint(&bytes, last.size());
    frame.FinishStart(last.size());
    bytes += last;
    Add(std::move(title), std::move(bytes), RequestInfo{Row::kInfo.code, asked_->context});
  }

  void Error(std::string title, uint32_t id, const Status& status, const ErrorDetail& detail) {
    Bytes frame;
    EncodeError(id, status, detail, &frame);
    Add(std::move(title), std::move(frame), asked_);
  }

  template <class Row>
  void Broken(std::string title, uint32_t id, const typename Row::Request& request) {
    Bytes frame;
    EncodeRequest<Row>(id, 0, request, &frame);
    frame[0] = static_cast<char>(frame[0] ^ 1);
    asked_.reset();
    Add(std::move(title), std::move(frame), {});
  }

  std::vector<Example> Take() { return std::move(examples_); }

 private:
  template <class Row>
  void ReplyTo(std::string title, const FrameHeader& header,
               const typename Row::Response& response) {
    Bytes bytes;
    FrameWriter frame(&bytes, header);
    Encode(response, &bytes);
    frame.Finish();
    Add(std::move(title), std::move(bytes), RequestInfo{Row::kInfo.code, asked_->context});
  }
  void Add(std::string title, Bytes frame, const std::optional<RequestInfo>& request) {
    std::string explanation = FormatParts(DescribeFrame<Operations>(frame, request));
    examples_.push_back({std::move(title), std::move(frame), std::move(explanation)});
  }

  std::vector<Example> examples_;
  std::optional<RequestInfo> asked_;
};

// As given by a server whose directory was created at kNow, with no other writes.
constexpr uint64_t kNow = 1'700'000'000'000;
constexpr uint64_t VersionOfWrite(uint64_t n) {
  return (kNow << 21) + n;
}

RecordView RecordOf(uint64_t version, ByteView value, uint64_t expires_ms = 0) {
  return {.version = version, .checksum = Hash64(value), .expires_ms = expires_ms, .value = value};
}

void AddConnection(ExampleList* examples) {
  examples->Request<op::Hello>("HELLO", 1, 0, {.client_name = "example"});
  examples->Reply<op::Hello>("HELLO's reply", 1,
                             {.version = kProtocolVersion,
                              .features = 0,
                              .max_frame_bytes = limits::kMaxFrameBytes,
                              .max_in_flight = limits::kMaxInFlightRequests,
                              .max_value_bytes = limits::kMaxValueBytes,
                              .server_name = "smiled 0.1.0"});
  examples->Request<op::Ping>("PING", 2, 0, {.payload = "hello"});
  examples->Reply<op::Ping>("PING's reply", 2, {.payload = "hello"});
}

void AddRecords(ExampleList* examples) {
  const Key profile = UserKey(42, "profile");
  const Key theme = UserKey(42, "theme");
  const ByteView value = "Ada Lovelace";
  const op::Put::Request put = {.key = profile.view(),
                                .condition = {ConditionKind::kIfAbsent, 0},
                                .checksum = Hash64(value),
                                .value = value,
                                .expire_seconds = 3600};
  const RecordView record = RecordOf(VersionOfWrite(1), value, kNow + 3'600'000);
  examples->Request<op::Put>("PUT if absent, with a TTL of an hour and a deadline of 500 ms", 3,
                             500, put);
  examples->Reply<op::Put>("PUT's reply", 3, {.version = VersionOfWrite(1)});
  examples->Request<op::Put>("The same PUT again", 4, 500, put);
  examples->Error("PUT's reply when the record exists", 4, Status(Code::kConditionFailed, ""),
                  {.version = VersionOfWrite(1)});
  examples->Request<op::Get>("GET", 5, 0, {.key = profile.view()});
  examples->Reply<op::Get>("GET's reply", 5, {.record = record});
  examples->Request<op::MGet>("MGET of two records", 6, 0,
                              {.keys = {profile.view(), theme.view()}});
  examples->Reply<op::MGet>(
      "MGET's reply when the second is absent", 6,
      {.results = {{KeyOutcome::kFound, record}, {KeyOutcome::kNotFound, {}}}});
  examples->Request<op::Delete>(
      "DELETE if it still has that version", 7, 0,
      {.key = profile.view(), .condition = {ConditionKind::kIfVersion, VersionOfWrite(1)}});
  examples->Reply<op::Delete>("DELETE's reply", 7, {.version = VersionOfWrite(2)});
  examples->Request<op::Get>("GET of an absent record", 8, 0, {.key = profile.view()});
  examples->Error("GET's reply when the record is absent", 8, Status(Code::kNotFound, ""), {});
}

void AddRanges(ExampleList* examples) {
  const Key newer = PostKey(42, uint64_t{9} << 22);
  const Key older = PostKey(42, uint64_t{7} << 22);
  const Key draft = PostKey(42, uint64_t{3} << 22);
  const PartitionView posts = newer.view().partition_view();
  const op::BatchItem first{ItemKind::kPut, older.sort, {}, 0, Hash64("good"), "good"};
  const op::BatchItem second{ItemKind::kPut, newer.sort, {}, 0, Hash64("better"), "better"};
  examples->Request<op::Batch>(
      "BATCH of two puts and a delete", 9, 0,
      {.partition = posts, .items = {first, second, {ItemKind::kDelete, draft.sort}}});
  examples->Reply<op::Batch>(
      "BATCH's reply", 9, {.versions = {VersionOfWrite(3), VersionOfWrite(4), VersionOfWrite(5)}});
  op::BatchItem again{ItemKind::kPut, draft.sort, {}, 0, Hash64(""), ""};
  const op::BatchItem once = again;
  again.condition.kind = ConditionKind::kIfAbsent;
  examples->Request<op::Batch>("BATCH whose second condition fails because of its first item", 10,
                               0, {.partition = posts, .items = {once, again}});
  examples->Error("BATCH's reply when a condition fails because of an earlier item", 10,
                  Status(Code::kConditionFailed, ""), {.index = 1, .version = 0, .met_index = 0});

  const ByteView to = draft.sort;
  const Bytes continuation = Bytes(1, '\1') + newer.sort;
  op::Scan::Request scan = {.partition = posts, .limit = 1, .to = to};
  examples->Request<op::Scan>("SCAN of the posts of user 42 down to one, one per page", 11, 0,
                              scan);
  examples->Reply<op::Scan>(
      "SCAN's reply, with a continuation token", 11,
      {.entries = {{EntryOutcome::kFound, newer.sort, RecordOf(VersionOfWrite(4), "better")}},
       .continuation = continuation});
  scan.continuation = ByteView(continuation);
  examples->Request<op::Scan>("SCAN of the next page", 12, 0, scan);
  examples->Reply<op::Scan>(
      "SCAN's last reply", 12,
      {.entries = {{EntryOutcome::kFound, older.sort, RecordOf(VersionOfWrite(3), "good")}}});
  examples->Request<op::List>("LIST of the users that have posts", 13, 0,
                              {.table = Table::kPosts, .limit = 100});
  examples->Reply<op::List>("LIST's reply", 13, {.partitions = {posts.id}});
}

void AddLinks(ExampleList* examples) {
  constexpr auto kFriend = static_cast<uint8_t>(LinkKind::kFriend);
  const op::LinkEntry seven{EntryOutcome::kFound, 7, kNow, kFriend, "met in 1833"};
  examples->Request<op::Link>(
      "LINK of users 42 and 7 as friends, with a time", 22, 0,
      {.user = 42, .kind = kFriend, .other = 7, .value = "met in 1833", .time_ms = kNow});
  examples->Reply<op::Link>("LINK's reply", 22, {.created = true, .time_ms = kNow});
  examples->Request<op::LinkCount>("LINK_COUNT of the friends of user 7", 23, 0,
                                   {.user = 7, .kind = kFriend});
  examples->Reply<op::LinkCount>("LINK_COUNT's reply", 23, {.count = 1});
  examples->Request<op::LinkList>("LINK_LIST of the friends of user 42", 24, 0,
                                  {.user = 42, .kind = kFriend});
  examples->Reply<op::LinkList>("LINK_LIST's reply", 24, {.entries = {seven}, .continuation = {}});
  examples->Request<op::LinkCheck>("LINK_CHECK: which of users 7 and 8 are friends of user 42?", 25,
                                   0, {.user = 42, .kind = kFriend, .others = {7, 8}});
  examples->Reply<op::LinkCheck>("LINK_CHECK's reply", 25, {.entries = {seven}});
  examples->Request<op::Unlink>("UNLINK of the same link from its other side", 26, 0,
                                {.user = 7, .kind = kFriend, .other = 42});
  examples->Reply<op::Unlink>("UNLINK's reply", 26, {.removed = true});
}

void AddFeed(ExampleList* examples) {
  // A token begins with 1, the user and the kinds.
  examples->Request<op::Feed>("FEED of the friends and family of user 42", 30, 0,
                              {.user = 42, .kinds = {1, 2}, .limit = 2});
  examples->Reply<op::Feed>("FEED's reply: nobody has posted", 30, {});
}

void AddCounter(ExampleList* examples) {
  const Key likes = UserKey(4711, "likes");
  const Bytes token(kAdditionTokenBytes, 't');
  examples->Request<op::Add>("ADD of 2", 31, 0, {.key = likes.view(), .amount = 2, .token = token});
  examples->Reply<op::Add>("ADD's reply", 31, {.value = 2, .version = VersionOfWrite(20)});
  examples->Request<op::Add>("ADD of -9 without a token", 32, 0,
                             {.key = likes.view(), .amount = -9, .saturate = true});
  examples->Reply<op::Add>("ADD's reply: the number is below 0", 32,
                           {.value = -7, .version = VersionOfWrite(22)});
}

// As given by a server whose first upload has the id 00 01 02 ... 0f.
void AddMedia(ExampleList* examples) {
  Bytes upload;
  for (char byte = 0; byte < static_cast<char>(kUploadIdBytes); ++byte) upload.push_back(byte);
  const ByteView content = "hello";
  const Bytes sha256 = *FromHex("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
  const uint64_t media = uint64_t{7} << 22;
  const op::MediaInfo info{.media = media,
                           .size = content.size(),
                           .sha256 = sha256,
                           .created_ms = kNow,
                           .content_type = "text/plain",
                           .name = "hello.txt",
                           .custom = {}};
  examples->Request<op::MediaBegin>("MEDIA_BEGIN of a text of 5 bytes", 16, 0,
                                    {.owner = 42,
                                     .media = media,
                                     .content_type = info.content_type,
                                     .name = info.name,
                                     .size = content.size()});
  examples->Reply<op::MediaBegin>(
      "MEDIA_BEGIN's reply", 16,
      {.upload = upload, .media = media, .expires_ms = kNow + limits::kUploadExpiryMillis});
  examples->Request<op::MediaAppend>(
      "MEDIA_APPEND of the only piece", 17, 0,
      {.upload = upload, .offset = 0, .checksum = Hash64(content), .bytes = content});
  examples->Reply<op::MediaAppend>("MEDIA_APPEND's reply", 17, {});
  examples->Request<op::MediaProgress>("MEDIA_PROGRESS", 18, 0, {.owner = 42, .upload = upload});
  examples->Reply<op::MediaProgress>("MEDIA_PROGRESS' reply: nothing is missing", 18,
                                     {.chunk_bytes = kDefaultPieceBytes,
                                      .received_bytes = content.size(),
                                      .contiguous_bytes = content.size(),
                                      .missing = {},
                                      .size = content.size()});
  examples->Request<op::MediaCommit>("MEDIA_COMMIT", 19, 0, {.owner = 42, .upload = upload});
  examples->Reply<op::MediaCommit>("MEDIA_COMMIT's reply", 19, {.info = info});
  examples->Request<op::MediaRead>("MEDIA_READ of three bytes from the second", 20, 0,
                                   {.owner = 42, .media = media, .offset = 1, .size = 3});
  examples->Reply<op::MediaRead>(
      "MEDIA_READ's reply", 20,
      {.content_bytes = content.size(), .checksum = Hash64("ell"), .bytes = "ell"});
  examples->StartReply<op::MediaRead>("MEDIA_READ's reply, whose checksum covers its start", 20,
                                      {.content_bytes = content.size(), .checksum = Hash64("ell")},
                                      "ell");
  examples->Request<op::MediaList>("MEDIA_LIST of user 42", 21, 0, {.owner = 42});
  examples->Reply<op::MediaList>("MEDIA_LIST's reply", 21,
                                 {.entries = {{EntryOutcome::kFound, info}}, .continuation = {}});
}

// The token has the bytes 0 to 31.
void AddLogins(ExampleList* examples) {
  constexpr uint64_t kUser = 42;
  const ByteView login = "ada@example.org";
  Bytes token;
  for (char c = 0; c < 32; ++c) token.push_back(c);
  const Sha256Digest digest = Sha256::Of(token);
  const ByteView id(reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size());
  const uint64_t expires_ms = kNow + 3'600'000;
  const ByteView motto = "Poetical science";
  examples->Request<op::LoginRegister>(
      "LOGIN_REGISTER with a first record", 40, 0,
      {.login = login,
       .password = "correct horse",
       .user = kUser,
       .records = {{.name = "motto", .checksum = Hash64(motto), .value = motto}}});
  examples->Reply<op::LoginRegister>("LOGIN_REGISTER's reply", 40, {.user = kUser});
  examples->Request<op::LoginVerify>(
      "LOGIN_VERIFY", 41, 0, {.login = login, .password = "correct horse", .label = "203.0.113.7"});
  examples->Reply<op::LoginVerify>("LOGIN_VERIFY's reply", 41, {.user = kUser});
  examples->Request<op::LoginVerify>(
      "LOGIN_VERIFY of a wrong password", 42, 0,
      {.login = login, .password = "battery", .label = "203.0.113.9"});
  examples->Error("LOGIN_VERIFY's reply, the same for a login that does not exist", 42,
                  Status(Code::kNotFound, "there is no such login, or the password is wrong"), {});
  examples->Request<op::SessionMake>("SESSION_MAKE, for an hour", 43, 0,
                                     {.user = kUser, .label = "phone", .expire_seconds = 3600});
  examples->Reply<op::SessionMake>("SESSION_MAKE's reply", 43,
                                   {.token = token, .session = id, .expires_ms = expires_ms});
  examples->Request<op::SessionVerify>("SESSION_VERIFY", 44, 0, {.token = token});
  examples->Reply<op::SessionVerify>("SESSION_VERIFY's reply", 44,
                                     {.user = kUser,
                                      .session = id,
                                      .label = "phone",
                                      .created_ms = kNow,
                                      .expires_ms = expires_ms});
  examples->Request<op::LoginList>("LOGIN_LIST", 45, 0, {.user = kUser});
  examples->Reply<op::LoginList>("LOGIN_LIST's reply", 45,
                                 {.logins = {{.login = login,
                                              .form = CredentialForm::kArgon2id,
                                              .created_ms = kNow,
                                              .changed_ms = kNow}}});
}

// Of what the examples before left.
void AddUsers(ExampleList* examples) {
  examples->Request<op::UserStat>("USER_STAT of user 42", 46, 0, {.user = 42});
  examples->Reply<op::UserStat>(
      "USER_STAT's reply", 46,
      {.logins = 1, .sessions = 1, .media = 1, .posts = 2, .records = 1, .complete = true});
  examples->Request<op::UserErase>("USER_ERASE", 47, 0, {.user = 42});
  examples->Reply<op::UserErase>(
      "USER_ERASE's reply", 47,
      {.done = true, .logins = 1, .sessions = 1, .media = 1, .posts = 2, .records = 1});
}

// Between the request and its last reply the connection is used for others.
void AddWatch(ExampleList* examples) {
  constexpr uint64_t kLast = VersionOfWrite(31);
  const Key post = PostKey(7, uint64_t{9} << 22);
  const ByteView value = "hello";
  examples->Request<op::Watch>("WATCH of the posts of user 7", 48, 0,
                               {.partitions = {post.view().partition_view()}, .values = true});
  examples->MoreReply<op::Watch>("WATCH's first reply", 48,
                                 {.version = kLast, .checksum = Hash64({})});
  examples->Request<op::Put>("PUT of a post of that user", 49, 0,
                             {.key = post.view(), .checksum = Hash64(value), .value = value});
  examples->Reply<op::Put>("The reply to that PUT", 49, {.version = kLast + 1});
  examples->MoreReply<op::Watch>("WATCH's next reply", 48,
                                 {.event = WatchedEvent::kPut,
                                  .version = kLast + 1,
                                  .with_value = true,
                                  .checksum = Hash64(value),
                                  .value = value,
                                  .key = post.view()});
  examples->Request<op::Cancel>("CANCEL of the WATCH", 50, 0, {.id = 48});
  examples->Reply<op::Watch>(
      "WATCH's last reply", 48,
      {.event = WatchedEvent::kEnded, .version = kLast + 1, .checksum = Hash64({})});
  examples->Reply<op::Cancel>("CANCEL's reply", 50, {.cancelled = true});
}

void AddStats(ExampleList* examples) {
  examples->Request<op::Stats>("STATS", 14, 0, {});
  examples->Reply<op::Stats>("STATS' reply (of a server with a single statistic)", 14,
                             {.stats = {{"server.connections.open_count", 1}}});
}

void AddBroken(ExampleList* examples) {
  examples->Broken<op::Ping>("A PING whose checksum is off by one bit", 15, {.payload = "hello"});
  examples->Error(
      "The reply to that, before the connection closes", 0,
      Status(Code::kProtocolError,
             "the frame's checksum does not match its bytes: they were damaged in transit, "
             "or are not Smile's protocol"),
      {});
}

}  // namespace

std::vector<Example> MakeExamples() {
  ExampleList examples;
  AddConnection(&examples);
  AddRecords(&examples);
  AddRanges(&examples);
  AddStats(&examples);
  AddMedia(&examples);
  AddLinks(&examples);
  AddFeed(&examples);
  AddCounter(&examples);
  AddLogins(&examples);
  AddWatch(&examples);
  AddUsers(&examples);
  AddBroken(&examples);
  return examples.Take();
}

}  // namespace smile
