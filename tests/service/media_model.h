// For tests and fuzzing: calls of a media service in any order, with faults of its backends and
// restarts in between, compared with a simple model; and at the end, a check that what the model
// says is there, byte for byte, and nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/clock.h"
#include "service/media/media_service.h"
#include "service/sweeper.h"
#include "storage/memory_content_store.h"
#include "storage/memory_engine.h"
#include "tests/service/faulty_backends.h"

namespace smile::testing {

class MediaModel {
 public:
  // Chooses from 0 to `count` - 1.
  using Below = std::function<uint64_t(uint64_t count)>;

  explicit MediaModel(Below below);
  ~MediaModel();

  // One call. Nothing after a failure.
  void Step();
  // Ends uploads and work by their time limits, and checks what is left.
  void Finish();

  // What was wrong first, and in which step. Empty: nothing.
  const std::string& failure() const { return failure_; }

 private:
  struct Process;
  enum class State : uint8_t { kOpen, kCommitted, kGone };
  struct Upload {
    ContentId upload;
    MediaId id;
    const Bytes* intended = nullptr;
    std::optional<uint64_t> declared;
    std::optional<Sha256Digest> sha256;
    uint64_t expires_ms = 0;
    State state = State::kOpen;
    std::map<uint64_t, Bytes> pieces;
    std::optional<uint64_t> size;  // when it is known
    std::optional<MediaManifest> manifest;
  };
  struct Media {
    MediaManifest manifest;
    Bytes content;
  };

  // --- Steps ---
  void Begin();
  void Append();
  void Commit();
  void Cancel();
  void Progress();
  void Put();
  void Read();
  void List();
  void Set();
  void Delete();
  void Restart();
  void Sweep();

  // --- The model ---
  Code ExpectedOfAppend(const Upload& upload, uint64_t offset, const Bytes& bytes) const;
  Code ExpectedOfCommit(const Upload& upload) const;
  void NoteCommit(Upload* upload, const MediaManifest& manifest);
  static uint64_t ReceivedOf(const Upload& upload);
  static bool IsWhole(const Upload& upload);
  static Bytes ContentOf(const Upload& upload);
  void ExpireUploads();

  // Calls with the faults that were planned; if one was met, ends it as a client would: by the same
  // call, after a restart or not. Whether a fault was met.
  template <class Call>
  auto WithFaults(const Call& call, bool* interrupted);
  void PlanFaults();
  // After an interrupted call: the sweeper ends what it left.
  void Settle();
  void SweepAfter(uint64_t millis);
  void CheckMedia(const MediaId& id, const Media& media);

  void Expect(bool condition, const std::string& what);
  void ExpectCode(const Status& status, Code expected, const std::string& what);
  Upload* AnyUpload();
  MediaId AnyId();
  MediaFields AnyFields();
  uint64_t NowMillis() const { return static_cast<uint64_t>(clock_.WallMillis()); }

  const Below below_;
  const std::vector<Bytes> contents_;
  ManualClock clock_;
  std::mt19937_64 random_{1};  // of ids alone
  MemoryEngine engine_;
  MemoryContentStore store_;
  std::unique_ptr<Process> process_;
  std::vector<Upload> uploads_;
  std::map<MediaId, Media> media_;
  uint64_t steps_ = 0;
  std::string failure_;
};

}  // namespace smile::testing
