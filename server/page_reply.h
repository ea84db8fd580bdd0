// The replies of SCAN and LIST: as much of a page as fits into the size that HELLO agreed on. A
// page that is cut short goes on where it was cut.
#pragma once

#include <span>

#include "base/bytes.h"
#include "server/reply.h"
#include "storage/engine.h"

namespace smile {

// `continuation` is that of the whole page, empty if that was all. A record that does not fit even
// alone is an entry that says so.
void ReplyWithPage(std::span<const ScanPage::Entry> entries, Bytes continuation, Reply* reply);

void ReplyWithPage(const ListPage& page, Reply* reply);

}  // namespace smile
