// For tests: all records that an engine that answers inline has in a table.
#pragma once

#include <cstdint>
#include <utility>

#include "storage/engine.h"

namespace smile {

// Calls visit(const Key&, const Record&).
template <class Visit>
void EachRecord(Engine* engine, Table table, const Bytes& partition, Visit visit) {
  ScanRequest request{
      .table = table, .partition = partition, .limit = 10'000, .max_value_bytes = SIZE_MAX};
  bool more = true;
  while (more) {
    engine->Scan(request, [&](Result<ScanPage> page) {
      for (size_t i = 0; i < page->size(); ++i) {
        const ScanPage::Entry entry = (*page)[i];
        visit(Key(table, partition, entry.sort), Record(entry.record));
      }
      more = page->more;
      if (!more) return;
      request.after = page->resume_from ? Bytes() : Bytes((*page)[page->size() - 1].sort);
      request.from = page->resume_from.value_or(Bytes());
    });
  }
}

template <class Visit>
void EachRecord(Engine* engine, Table table, Visit visit) {
  ListRequest request{.table = table, .limit = 1'000};
  bool more = true;
  while (more) {
    engine->List(request, [&](Result<ListPage> page) {
      for (const Bytes& partition : page->partitions) EachRecord(engine, table, partition, visit);
      more = page->more;
      request.from = std::move(page->resume_from);
      if (more && !request.from) request.after = page->partitions.back();
    });
  }
}

}  // namespace smile
