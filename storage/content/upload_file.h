// One upload on the disk: the chunks that have arrived, and the digest of those that have arrived
// without a gap. All calls block; one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "storage/content/content_format.h"
#include "storage/content/disk_file.h"
#include "storage/content_store.h"

namespace smile {

// kNotFound.
Status NoSuchUpload();

class UploadFile {
 public:
  // `directory` is that of the uploads.
  static std::string DataPath(const std::string& directory, const ContentId& id);
  static std::string ChunksPath(const std::string& directory, const ContentId& id);

  // There is no such upload.
  static Result<std::unique_ptr<UploadFile>> Create(const std::string& directory,
                                                    const UploadSpec& spec);
  // Before anything else, RecoverOn() until it is recovered(). kNotFound.
  static Result<std::unique_ptr<UploadFile>> Open(const std::string& directory,
                                                  const ContentId& id);
  static Status Remove(const std::string& directory, const ContentId& id);

  // Bytes that an upload of a declared size still needs on the disk, about; 0 if that is not known.
  static uint64_t OutstandingBytes(const std::string& directory, const ContentId& id);

  // Reads on in what had arrived before Open(), to find what a crash lost. Ends when `*budget`
  // bytes are read, after at most one chunk more, and takes what it has read from the budget. What
  // it has done stays done, also if it fails.
  Status RecoverOn(uint64_t* budget);
  bool recovered() const { return recovered_; }
  // Hashes on in what has arrived without a gap; otherwise as RecoverOn().
  Status HashOn(uint64_t* budget);
  // Nothing is missing, but not all may be hashed.
  bool complete() const;
  // All is hashed that has arrived without a gap.
  bool hashed() const { return !IsThere(hashed_chunks_); }

  // The chunk that has this offset has arrived.
  bool Has(uint64_t offset) const { return IsThere(offset / spec_.chunk_bytes); }

  // As ContentStore's. An upload that is complete() is hashed() before Digest() and Finish().
  Status Append(uint64_t offset, ByteView bytes, uint64_t checksum);
  UploadProgress Progress() const;
  Result<ContentInfo> Digest();
  // Makes the data file one of content, durable but not renamed. As Digest if it is incomplete.
  Status Finish();
  // A sync has failed: the kernel may have dropped bytes that it shows as written. The object and
  // its files are not to be used any more.
  bool failed() const { return failed_; }

  const UploadSpec& spec() const { return spec_; }
  // Bytes of the known size that have not arrived.
  uint64_t outstanding_bytes() const;

 private:
  UploadFile(const UploadSpec& spec, DiskFile data, DiskFile chunks)
      : spec_(spec), data_(std::move(data)), chunks_(std::move(chunks)) {}

  Status CheckPiece(uint64_t offset, size_t size) const;
  bool IsThere(uint64_t chunk) const { return chunk < there_.size() && there_[chunk]; }
  void Note(uint64_t chunk, size_t size, uint64_t sum);
  uint32_t SizeOf(uint64_t chunk) const;

  UploadSpec spec_;  // with the size as soon as it is known
  DiskFile data_;
  DiskFile chunks_;
  std::vector<bool> there_;  // for each chunk up to the last that has arrived
  std::vector<uint64_t> sums_;
  uint64_t received_bytes_ = 0;
  uint64_t unsynced_bytes_ = 0;  // since the last StartSync
  Sha256 hash_;
  uint64_t hashed_chunks_ = 0;
  bool recovered_ = true;
  uint64_t recovered_chunks_ = 0;  // of the table that Open() found
  bool failed_ = false;
};

}  // namespace smile
