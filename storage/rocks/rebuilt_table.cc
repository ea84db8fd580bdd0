#include "storage/rocks/rebuilt_table.h"

#include <algorithm>
#include <charconv>
#include <deque>
#include <optional>

#include <fmt/format.h>

#include "base/check.h"
#include "base/coding.h"
#include "base/limits.h"
#include "base/progress.h"
#include "storage/key_name.h"
#include "storage/rocks/readable_bytes.h"

namespace smile {
namespace {

constexpr ByteView kDictionaryName = "rocksdb.compression_dict";
constexpr size_t kLostBlockBytes = 16;

uint64_t NumberOf(const std::string& name) {
  uint64_t number = 0;
  std::from_chars(name.data(), name.data() + name.size(), number);
  return number;
}

// Found through the footer, as RocksDB does; nothing if there is none, or the path to it is
// damaged.
std::optional<BlockPlace> PlaceOfDictionary(ByteView file) {
  const std::optional<Footer> footer = ReadFooter(file);
  if (!footer.has_value()) return std::nullopt;
  const std::optional<Bytes> metaindex = ReadBlock(file, footer->metaindex, {});
  if (!metaindex.has_value()) return std::nullopt;
  std::optional<BlockPlace> found;
  ForEachEntry(*metaindex, [&](ByteView key, ByteView value) {
    BlockPlace place;
    ByteReader reader(value);
    if (key == kDictionaryName && reader.ReadVarint(&place.offset) &&
        reader.ReadVarint(&place.size)) {
      found = place;
    }
  });
  return found;
}

// A data block and what it contains.
struct DataBlock {
  BlockPlace place;
  Bytes first, last;  // internal keys
  EntryCounts counts;
};

void Count(ByteView key, ByteView value, EntryCounts* counts) {
  constexpr char kDeletion = 0;  // the type of an entry, in the low byte of its sequence number
  CHECK(key.size() >= kSequenceBytes);
  ++counts->entries;
  counts->deletions += key[key.size() - kSequenceBytes] == kDeletion ? 1 : 0;
  counts->key_bytes += key.size();
  counts->value_bytes += value.size();
}

void Add(const EntryCounts& more, EntryCounts* sum) {
  sum->entries += more.entries;
  sum->deletions += more.deletions;
  sum->key_bytes += more.key_bytes;
  sum->value_bytes += more.value_bytes;
}

class BlockScan {
 public:
  BlockScan(ByteView file, ByteView smallest, ByteView largest)
      : file_(file), smallest_(smallest), largest_(largest) {
    if (const auto place = PlaceOfDictionary(file_)) dictionary_ = ReadBlock(file_, *place, {});
  }

  // The next block at or after `offset` whose keys are after those of `previous`; nothing if there
  // is none.
  std::optional<DataBlock> Next(uint64_t offset, const DataBlock* previous) {
    const uint64_t limit = std::min<uint64_t>(file_.size(), offset + limits::kMaxBlockGapBytes);
    for (uint64_t at = offset; at < limit; ++at) {
      std::optional<DataBlock> block = At(at);
      if (block.has_value() && Belongs(*block, previous)) return block;
      // Nothing after the last record is data.
      if (previous != nullptr && UserKey(previous->last) == largest_) return std::nullopt;
    }
    return std::nullopt;
  }

  ByteView dictionary() const { return dictionary_.has_value() ? *dictionary_ : ByteView(); }

 private:
  bool Belongs(const DataBlock& block, const DataBlock* previous) const {
    return UserKey(block.first) >= smallest_ && UserKey(block.last) <= largest_ &&
           (previous == nullptr || CompareInternal(previous->last, block.first) < 0);
  }

  std::optional<DataBlock> At(uint64_t offset) {
    const ByteView rest = file_.substr(offset);
    if (!MayBeginDataBlock(rest)) return std::nullopt;
    const std::optional<size_t> size = FindBlockSize(rest);
    if (!size.has_value()) return std::nullopt;
    DataBlock block{
        .place = {.offset = offset, .size = *size}, .first = {}, .last = {}, .counts = {}};
    std::optional<Bytes> content = ReadBlock(file_, block.place, dictionary());
    if (!content.has_value() && !dictionary_.has_value()) {
      content = TryDictionaries(block.place);
    }
    if (!content.has_value()) return std::nullopt;
    bool all_internal = true;
    const bool whole = ForEachEntry(*content, [&](ByteView key, ByteView value) {
      all_internal = all_internal && key.size() > kSequenceBytes;
      if (!all_internal) return;
      if (block.counts.entries == 0) block.first = Bytes(key);
      block.last = Bytes(key);
      Count(key, value, &block.counts);
    });
    if (!whole || !all_internal || block.counts.entries == 0) return std::nullopt;
    return block;
  }

  // Without the footer: the dictionary is one of the last blocks.
  std::optional<Bytes> TryDictionaries(const BlockPlace& place) {
    if (dictionaries_tried_) return std::nullopt;
    dictionaries_tried_ = true;
    constexpr size_t kMetaBlocks = 4;  // dictionary, deleted ranges, properties, metaindex
    std::deque<BlockPlace> last;
    for (uint64_t at = place.offset; at < file_.size();) {
      const std::optional<size_t> size = FindBlockSize(file_.substr(at));
      if (!size.has_value()) break;
      last.push_back({.offset = at, .size = *size});
      if (last.size() > kMetaBlocks) last.pop_front();
      at += *size + kBlockTrailerBytes;
    }
    for (const BlockPlace& candidate : last) {
      std::optional<Bytes> dictionary = ReadBlock(file_, candidate, {});
      if (!dictionary.has_value()) continue;
      std::optional<Bytes> content = ReadBlock(file_, place, *dictionary);
      if (!content.has_value()) continue;
      dictionary_ = std::move(dictionary);
      return content;
    }
    return std::nullopt;
  }

  const ByteView file_;
  const ByteView smallest_;
  const ByteView largest_;
  std::optional<Bytes> dictionary_;
  bool dictionaries_tried_ = false;
};

// The internal key immediately before another.
Bytes Preceding(ByteView internal) {
  const ByteView user = UserKey(internal);
  const auto number = LoadLittle<uint64_t>(internal.data() + user.size());
  Bytes key(user);
  AppendLittle(&key, number + 1);
  return key;
}

// The internal key after all versions of a record.
Bytes Last(ByteView user) {
  Bytes key(user);
  AppendLittle(&key, uint64_t{0});
  return key;
}

}  // namespace

std::string PathOf(const rocksdb::LiveFileMetaData& file) {
  return file.directory + "/" + file.relative_filename;
}

std::shared_ptr<const RebuiltTable> RebuiltTable::Make(Table table,
                                                       const rocksdb::LiveFileMetaData& file,
                                                       rocksdb::FileSystem* system) {
  std::shared_ptr<RebuiltTable> made(new RebuiltTable());
  made->name_ = file.relative_filename;
  made->table_ = table;
  made->size_ = file.size;
  made->smallest_ = file.smallestkey;
  made->largest_ = file.largestkey;
  const Bytes bytes = ReadReadableBytes(system, PathOf(file));
  made->tail_offset_ = std::max<uint64_t>(bytes.size(), file.size);
  made->lost_block_ = {.offset = made->tail_offset_, .size = kLostBlockBytes};

  BlockScan scan(bytes, made->smallest_, made->largest_);
  std::vector<std::pair<Bytes, Bytes>> index;
  std::optional<DataBlock> previous;
  uint64_t offset = 0;
  while (auto block = scan.Next(offset, previous.has_value() ? &*previous : nullptr)) {
    CHECK(block->place.offset >= offset, "a scan goes forward");
    const bool begins_file = !previous.has_value() && UserKey(block->first) == made->smallest_;
    if (block->place.offset != offset || (!previous.has_value() && !begins_file)) {
      made->lost_.push_back(
          {.after = previous.has_value() ? Bytes(UserKey(previous->last)) : Bytes(),
           .before = Bytes(UserKey(block->first))});
      index.emplace_back(Preceding(block->first), EncodePlace(made->lost_block_));
    }
    index.emplace_back(block->last, EncodePlace(block->place));
    Add(block->counts, &made->counts_);
    offset = block->place.offset + block->place.size + kBlockTrailerBytes;
    previous = std::move(block);
  }
  made->data_end_ = offset;
  CHECK(made->data_end_ <= made->tail_offset_, "the tail is past the data");
  if (!previous.has_value() || UserKey(previous->last) != made->largest_) {
    made->lost_.push_back(
        {.after = previous.has_value() ? Bytes(UserKey(previous->last)) : Bytes(), .before = {}});
    index.emplace_back(Last(made->largest_), EncodePlace(made->lost_block_));
  }
  made->Finish(NumberOf(made->name_), index, scan.dictionary());
  return made;
}

void RebuiltTable::Finish(uint64_t number, const std::vector<std::pair<Bytes, Bytes>>& index,
                          ByteView dictionary) {
  empty_block_ = EmptyBlock(kLostBlockBytes);
  unreadable_block_ = empty_block_;
  unreadable_block_.back() = static_cast<char>(unreadable_block_.back() ^ 1);
  CHECK(unreadable_block_.size() == empty_block_.size());
  tail_ = empty_block_;  // a placeholder for the piece of the lost block
  const auto append = [this](Bytes content) {
    const BlockPlace place{.offset = tail_offset_ + tail_.size(), .size = content.size()};
    tail_ += SealBlock(std::move(content));
    return place;
  };
  const auto varint = [](uint64_t value) {
    Bytes encoded;
    AppendVarint(&encoded, value);
    return encoded;
  };
  Footer footer;
  footer.index = append(MakeBlock(index));
  std::vector<std::pair<Bytes, Bytes>> metaindex;
  if (!dictionary.empty()) {
    metaindex.emplace_back(kDictionaryName, EncodePlace(append(Bytes(dictionary))));
  }
  metaindex.emplace_back("rocksdb.properties",
                         EncodePlace(append(MakeBlock({
                             {"rocksdb.data.size", varint(data_end_)},
                             {"rocksdb.deleted.keys", varint(counts_.deletions)},
                             {"rocksdb.num.data.blocks", varint(index.size())},
                             {"rocksdb.num.entries", varint(counts_.entries)},
                             {"rocksdb.original.file.number", varint(number)},
                             {"rocksdb.raw.key.size", varint(counts_.key_bytes)},
                             {"rocksdb.raw.value.size", varint(counts_.value_bytes)},
                         }))));
  footer.metaindex = append(MakeBlock(metaindex));
  footer_ = EncodeFooter(footer);
}

std::vector<FileOverlay> RebuiltTable::Pieces(bool lost_is_empty) const {
  return {
      {.offset = size_ - footer_.size(), .bytes = footer_},
      {.offset = tail_offset_, .bytes = tail_},
      {.offset = lost_block_.offset, .bytes = lost_is_empty ? empty_block_ : unreadable_block_}};
}

std::string RebuiltTable::DescribeLost() const {
  const auto name = [this](ByteView key) { return NameOfEncoded(table_, key); };
  if (lost_.empty())
    return fmt::format("all of its {} entries can be read", WithCommas(counts_.entries));
  std::string words =
      fmt::format("{} of its entries can be read; lost are", WithCommas(counts_.entries));
  for (const LostRange& range : lost_) {
    words +=
        fmt::format("{} records {}, {}", &range == &lost_.front() ? "" : ";",
                    range.after.empty() ? "from " + name(smallest_) : "after " + name(range.after),
                    range.before.empty() ? "to " + name(largest_) : "before " + name(range.before));
  }
  return words;
}

void RebuiltTables::Add(std::shared_ptr<const RebuiltTable> table) {
  const std::lock_guard lock(mutex_);
  tables_[table->name()] = std::move(table);
}

std::shared_ptr<const RebuiltTable> RebuiltTables::Find(const std::string& path) const {
  if (!path.ends_with(".sst")) return nullptr;
  const std::lock_guard lock(mutex_);
  const auto found = tables_.find(path.substr(path.rfind('/') + 1));
  return found == tables_.end() ? nullptr : found->second;
}

size_t RebuiltTables::size() const {
  const std::lock_guard lock(mutex_);
  return tables_.size();
}

}  // namespace smile
