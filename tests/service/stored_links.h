// For tests: what the records of links say, in either form (service/links/link_head.h).
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "base/bytes.h"
#include "base/task.h"
#include "service/engine_calls.h"
#include "service/links/link_records.h"
#include "storage/engine.h"

namespace smile::testing {

using LinkRecords = std::map<LinkRecordId, Bytes>;
using LinkSides = std::map<std::tuple<uint64_t, LinkKind, uint64_t>, LinkRecord>;  // user, other

// Those of these users, from 0.
LinkRecords LinkRecordsIn(Engine* engine, uint64_t users);

// What is wrong with the records, if they are not exactly those of some sides; empty otherwise.
std::string ReadLinkRecords(const LinkRecords& records, LinkSides* sides);

// The other side of each.
LinkSides BacksOf(const LinkSides& sides);

// Stores a record of links as it is, past the service.
Task<WriteReply> Store(const EngineCalls& engine, LinkMutation mutation);

}  // namespace smile::testing
