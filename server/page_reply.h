// The replies to SCAN and LIST: as much of a page as fits into the size agreed on in HELLO. A page
// that is cut short continues where it was cut.
#pragma once

#include <span>

#include "base/bytes.h"
#include "protocol/outcomes.h"
#include "server/reply.h"
#include "storage/engine.h"

namespace smile {

// What a reply says of an entry.
EntryOutcome OutcomeOf(ScanPage::Outcome outcome);

// `continuation` is that of the whole page, empty if complete. A record that does not fit even
// alone becomes an entry with the outcome `too_large`.
void ReplyWithPage(std::span<const ScanPage::Entry> entries, Bytes continuation, Reply* reply);

void ReplyWithPage(const ListPage& page, Reply* reply);

}  // namespace smile
