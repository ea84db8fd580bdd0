// What a repair saves before it changes anything: the files of a new directory salvage/TIME in the
// data directory. A file is durable when the function that writes it returns, its entry in the
// directory after Sync. Failures are kStorageFailed, with a message. For one thread.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/function_ref.h"
#include "base/result.h"
#include "model/record.h"
#include "model/tables.h"
#include "storage/rocks/rocks_directory.h"

namespace smile {

class Salvage {
 public:
  // The directory outlives it.
  static Result<Salvage> Make(const RocksDirectory& directory, const Clock& clock);

  const std::string& path() const { return path_; }
  Status Save(const std::string& name, std::string_view content) const;
  // For content that may not fit into memory: `write` appends it, and ends with the first failure
  // of `append`. No file is made if nothing is appended.
  using Append = FunctionRef<Status(std::string_view part)>;
  Status Write(const std::string& name, FunctionRef<Status(Append)> write) const;
  Status Sync() const;

 private:
  Salvage(const RocksDirectory& directory, std::string path)
      : directory_(&directory), path_(std::move(path)) {}

  const RocksDirectory* directory_;
  std::string path_;
};

// What could not be written, and why.
Status CannotWrite(const std::string& path, const std::string& why);

// A line in the format of `smilecat load`.
std::string SalvageLine(Table table, ByteView encoded, const RecordView& record);

}  // namespace smile
