// The operations of Smile's protocol, version 1: the one table from which encoder, decoder,
// dispatch, client calls, text form, documentation and fuzz seeds are derived. It consists of
// families, one header each.
//
// A row is a struct with its code, name, summary, effect, first version, Request and Response. To
// add an operation, write its row, put it into its family's list, and write its handler in the
// server and its line in the client; without them it does not compile. To add a family, add its
// header here and its handlers to the server's. Codes are never reused. operations.cc has the rules
// that all rows keep.
#pragma once

#include "protocol/admin_operations.h"
#include "protocol/connection_operations.h"
#include "protocol/counter_operations.h"
#include "protocol/error_body.h"
#include "protocol/feed_operations.h"
#include "protocol/link_operations.h"
#include "protocol/login_operations.h"
#include "protocol/media_operations.h"
#include "protocol/operation_list.h"
#include "protocol/outcomes.h"
#include "protocol/record_operations.h"
#include "protocol/session_operations.h"
#include "protocol/user_operations.h"
#include "protocol/watch_operations.h"

namespace smile {

// All operations.
using Operations = Joined<ConnectionOperations, RecordOperations, AdminOperations, MediaOperations,
                          LinkOperations, LoginOperations, SessionOperations, UserOperations,
                          FeedOperations, CounterOperations, WatchOperations>;

}  // namespace smile
