// One upload on the disk: the chunks that have arrived, and the digest of those that have arrived
// without a gap. The object knows which chunks these are; their checksums are in the file alone, so
// that an upload whose files are closed costs little memory. All calls block; one thread at a time.
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
  // Hashes on in what has arrived without a gap; otherwise as RecoverOn(). What was hashed before
  // the files were closed is read again and compared first: if the disk could not write it, the
  // kernel may have forgotten that with the file, and Finish() would not be told.
  Status HashOn(uint64_t* budget);
  // Nothing is missing, but not all may be hashed.
  bool complete() const;
  // HashOn() has nothing to do.
  bool hashed() const { return compared_chunks_ == chunks_to_compare_ && !IsThere(hashed_chunks_); }

  // Closes the files and keeps what is known of them.
  void CloseFiles();
  // Opens them again, if they are closed; nothing is read. Until then only the functions that
  // return no Status may be called. kNotFound: they are gone.
  Status ReopenFiles(const std::string& directory);
  // Of an object whose files are closed, about.
  size_t MemoryBytes() const;

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
  UploadFile(const UploadSpec& spec, DiskFile data, DiskFile chunks) : spec_(spec) {
    data_.emplace(std::move(data));
    chunks_.emplace(std::move(chunks));
  }

  Status CheckPiece(uint64_t offset, size_t size) const;
  bool IsThere(uint64_t chunk) const { return chunk < there_.size() && there_[chunk]; }
  void Note(uint64_t chunk, size_t size, uint64_t sum);
  uint32_t SizeOf(uint64_t chunk) const;
  // A chunk that is there, if its bytes match its checksum.
  Result<Bytes> ReadChunk(uint64_t chunk, uint64_t* budget) const;
  // HashOn() without the comparison.
  Status HashNew(uint64_t* budget);
  Result<UploadEntry> EntryOf(uint64_t chunk) const;
  // The checksums of all chunks, one after the other, as sealed content has them.
  Result<Bytes> Sums() const;

  UploadSpec spec_;               // with the size as soon as it is known
  std::optional<DiskFile> data_;  // both are open, or none
  std::optional<DiskFile> chunks_;
  std::vector<bool> there_;     // for each chunk up to the last that has arrived
  uint64_t check_of_sums_ = 0;  // the xor of all CheckOf(chunk, sum)
  uint64_t received_bytes_ = 0;
  uint64_t unsynced_bytes_ = 0;  // since the last StartSync
  Sha256 hash_;
  uint64_t hashed_chunks_ = 0;
  uint64_t chunks_to_compare_ = 0;  // that were hashed before the files were opened again
  uint64_t compared_chunks_ = 0;
  bool recovered_ = true;
  uint64_t recovered_chunks_ = 0;  // of the table that Open() found
  bool failed_ = false;
};

}  // namespace smile
