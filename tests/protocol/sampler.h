// Random messages of any kind, derived from their fields: keys and sort keys are valid, checksums
// right, conditions sensible, all else is anything.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "base/coding.h"
#include "base/hash.h"
#include "model/key.h"
#include "protocol/field.h"
#include "protocol/text_slots.h"

namespace smile {

// Owns the bytes of what it made.
class Sampler {
 public:
  explicit Sampler(uint64_t seed) : random_(seed) {}

  template <Message M>
  M Sample() {
    table_.reset();
    return Make<M>(TextForm::kPlain);
  }

  uint64_t Below(uint64_t bound) { return random_() % bound; }

  // Bytes of a part of a key.
  Bytes PartBytes(PartType type) {
    if (type == PartType::kName) return AnyBytes(1 + Below(Below(8) == 0 ? 255 : 12));
    Bytes bytes;
    while (bytes.size() < WidthOf(type)) {
      bytes.push_back(static_cast<char>(Below(3) == 0 ? Below(256) : Below(2) * 255));
    }
    return bytes;
  }

  Bytes SortBytes(Table table, size_t parts) {
    Bytes bytes;
    for (const Part& part : InfoOf(table).sort().first(parts)) {
      bytes += PartBytes(part.type);
      if (part.only_named) {
        bytes.back() = static_cast<char>(part.number_names[Below(part.number_names.size())].number);
      }
    }
    return bytes;
  }

  // Text, or anything.
  Bytes AnyBytes(size_t size) {
    static constexpr std::string_view kPieces[] = {"a",    "Z",    "7",  "ł",    "漢",       "😀",
                                                   " ",    "\"",   "\\", "/",    "%",        "\n",
                                                   "\xff", "\x01", "-",  "\xc2", "\xc2\x9b", "@"};
    const size_t kinds = Below(2) == 0 ? 6 : std::size(kPieces);
    Bytes bytes;
    while (bytes.size() < size) bytes += kPieces[Below(kinds)];
    bytes.resize(size);
    return bytes;
  }

 private:
  template <class T>
  T Number() {
    switch (Below(4)) {
      case 0:
        return static_cast<T>(Below(3));
      case 1:
        return std::numeric_limits<T>::max();
      default:
        return static_cast<T>(random_() >> Below(64));
    }
  }

  // One whose records clients can name.
  Table OfClients() {
    table_ = ClientTables()[Below(ClientTables().size())].table;
    return *table_;
  }

  template <class T>
  T Make(TextForm form) {
    if constexpr (std::is_same_v<T, bool>) {
      return Below(2) == 1;
    } else if constexpr (std::is_enum_v<T>) {
      const T value = EnumTable<T>::kValues[Below(EnumTable<T>::kValues.size())].value;
      if constexpr (std::is_same_v<T, Table>) table_ = value;
      return value;
    } else if constexpr (std::is_same_v<T, int64_t>) {
      return static_cast<int64_t>(Number<uint64_t>());
    } else if constexpr (std::is_unsigned_v<T>) {
      return Number<T>();
    } else if constexpr (std::is_same_v<T, ByteView>) {
      return kept_.Keep(MakeBytes(form));
    } else if constexpr (std::is_same_v<T, KeyView>) {
      const Table table = OfClients();
      const size_t parts = InfoOf(table).sort_part_count;
      const ByteView partition = kept_.Keep(PartBytes(InfoOf(table).partition.type));
      return {table, partition, kept_.Keep(SortBytes(table, parts))};
    } else if constexpr (std::is_same_v<T, PartitionView>) {
      const Table table = OfClients();
      return {table, kept_.Keep(PartBytes(InfoOf(table).partition.type))};
    } else if constexpr (std::is_same_v<T, Condition>) {
      const auto kind = Make<ConditionKind>(form);
      return {kind, kind == ConditionKind::kIfVersion ? Number<uint64_t>() : 0};
    } else if constexpr (kIsList<T>) {
      T list(1 + Below(3));
      for (auto& element : list) element = Make<typename T::value_type>(form);
      return list;
    } else {
      return MakeMessage<T>();
    }
  }

  Bytes MakeBytes(TextForm form) {
    const Table table = table_.value_or(Table::kUsers);
    switch (form) {
      case TextForm::kSort:
        return SortBytes(table, InfoOf(table).sort_part_count);
      case TextForm::kSortFrom:
      case TextForm::kSortTo:
        return SortBytes(table, Below(InfoOf(table).sort_part_count + 1));
      case TextForm::kSecret:
      case TextForm::kToken:
        return "-";  // as it is written
      case TextForm::kPartition:
        return PartBytes(InfoOf(table).partition.type);
      default:
        return AnyBytes(Below(Below(4) == 0 ? 200 : 8));
    }
  }

  template <Message M>
  M MakeMessage() {
    M message;
    bool is_delete = false;
    ForEachField<M>([&](const auto& field) {
      auto& value = message.*(field.kMember);
      using T = std::remove_cvref_t<decltype(value)>;
      if constexpr (kIsOptional<T>) {
        if (Below(2) == 0) value = Make<typename OptionalInner<T>::Type>(field.text);
      } else {
        value = Make<T>(field.text);
      }
      if constexpr (std::is_same_v<T, ItemKind>) is_delete = value == ItemKind::kDelete;
    });
    Settle(is_delete, &message);
    return message;
  }

  // Makes value and checksum fit each other; a delete has neither.
  template <Message M>
  void Settle(bool is_delete, M* message) {
    ByteView content;
    ForEachField<M>([&](const auto& field) {
      if constexpr (std::is_same_v<decltype(message->*(field.kMember)), ByteView&>) {
        ByteView& value = message->*(field.kMember);
        if (field.text != TextForm::kValue) return;
        if (is_delete) value = {};
        content = value;
      }
    });
    ForEachField<M>([&](const auto& field) {
      if constexpr (std::is_same_v<decltype(message->*(field.kMember)), uint64_t&>) {
        if (field.text != TextForm::kChecksum) return;
        message->*(field.kMember) = is_delete ? 0 : Hash64(content);
      }
    });
  }

  std::mt19937_64 random_;
  std::optional<Table> table_;
  TextBytes kept_;
};

}  // namespace smile
