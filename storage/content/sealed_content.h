// Content on the disk, whose files are complete and never change. All calls block; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "storage/content/content_format.h"
#include "storage/content/disk_file.h"
#include "storage/content/recently_used.h"
#include "storage/content/verified_parts.h"
#include "storage/content_store.h"

namespace smile {

class SealedContents {
 public:
  // `directory` is that of all content.
  explicit SealedContents(std::string directory);

  // As ContentStore's.
  Result<ContentPiece> Read(const ContentRange& range);
  Result<ContentInfo> Stat(const ContentId& id);
  // As ContentStore's, of one whole chunk. Does not block.
  std::optional<ContentPiece> Peek(const ContentRange& range);
  Status Delete(const ContentId& id);
  Result<std::vector<ContentId>> List(const ContentId& after, uint32_t limit) const;

  // Moves the complete and synced file at `path` here; durable when it returns.
  Status Take(const std::string& path, const ContentId& id);
  bool Has(const ContentId& id) const;
  // Makes durable that the content is here, for one whose Take() may not have returned.
  Status Sync(const ContentId& id) const;

 private:
  struct OpenContent {
    OpenContent(DiskFile opened, const ContentFooter& read);

    DiskFile file;
    ContentFooter footer;
    mutable VerifiedParts verified;  // chunks
  };

  std::string FolderOf(const ContentId& id) const;
  std::string PathOf(const ContentId& id) const;
  Result<std::shared_ptr<const OpenContent>> Open(const ContentId& id);
  void Forget(const ContentId& id);

  const std::string directory_;
  std::mutex mutex_;
  RecentlyUsed<ContentId, std::shared_ptr<const OpenContent>> recent_;  // open files
};

}  // namespace smile
