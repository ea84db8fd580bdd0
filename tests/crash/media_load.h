// The load of the crash test of media: one user who uploads, at once and in pieces, reads and
// deletes, until the server is killed; and after its restart resumes what was interrupted, and
// compares what was acknowledged.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/sha256.h"
#include "client/blocking.h"

namespace smile {

struct MediaCounts {
  uint64_t puts = 0;     // acknowledged
  uint64_t uploads = 0;  // in pieces, acknowledged
  uint64_t resumed = 0;  // of these: after a restart
  uint64_t deletes = 0;  // acknowledged
  uint64_t reads = 0;    // compared

  void Add(const MediaCounts& other);
};

// One thread.
class MediaUser {
 public:
  MediaUser(uint64_t owner, uint64_t seed) : owner_(owner), random_(seed) {}

  // Calls until one fails.
  void RunUntilCrash(uint16_t port);
  // Ends what was interrupted as a client does that wants it, and compares everything.
  void CheckAfterRestart(uint16_t port);

  // What was lost, changed or answered in a way that cannot be.
  const std::vector<std::string>& violations() const { return violations_; }
  const MediaCounts& counts() const { return counts_; }
  size_t media_count() const { return media_.size(); }
  // Adds the SHA-256 of all content that must be there.
  void AddContents(std::set<Sha256Digest>* contents) const;

 private:
  struct Upload {
    Bytes id;
    uint64_t media = 0;
    uint64_t number = 0;  // of the content
    bool is_cancelled = false;
  };

  // Whether the call was answered ok. Another answer than that of a lost connection is a violation.
  bool Step(BlockingClient* client);
  bool Put(BlockingClient* client);
  bool UploadInPieces(BlockingClient* client);
  bool AppendAll(BlockingClient* client, const std::vector<op::MediaRange>& ranges);
  bool Commit(BlockingClient* client);
  bool Cancel(BlockingClient* client);
  bool Delete(BlockingClient* client);
  bool Read(BlockingClient* client, uint64_t media);
  void Resume(BlockingClient* client);
  void CompareList(BlockingClient* client);

  bool IsLost(const Status& status, const std::string& what);
  void Violation(const std::string& what);
  uint64_t NewNumber();
  Bytes ContentOf(uint64_t number) const;

  const uint64_t owner_;
  std::mt19937_64 random_;
  uint64_t next_media_ = 1;
  std::map<uint64_t, uint64_t> media_;  // acknowledged: the number of its content
  // Sent, and not answered:
  std::optional<std::pair<uint64_t, uint64_t>> put_;  // media, number
  std::optional<uint64_t> delete_;
  std::optional<Upload> upload_;
  bool is_after_restart_ = false;
  MediaCounts counts_;
  std::vector<std::string> violations_;
};

}  // namespace smile
