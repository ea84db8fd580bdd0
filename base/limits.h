// Every limit of Smile, with what happens when it is reached. A "ceiling" is the maximum of a
// setting.
#pragma once

#include <cstddef>
#include <cstdint>

namespace smile::limits {

// --- Records --------------------------------------------------------------------------------
// A request that exceeds one of these is answered `too_large` or `invalid`.
inline constexpr size_t kMaxValueBytes = size_t{1} << 20;
inline constexpr size_t kMaxNameBytes = 255;  // of a record name or login; the minimum is 1
inline constexpr uint32_t kMaxExpirySeconds = 100u * 365 * 24 * 3600;

// --- Requests -------------------------------------------------------------------------------
inline constexpr size_t kMaxMGetKeys = 1000;
inline constexpr size_t kMaxPeekKeys = 128;  // of an MGET on an event loop; readers do larger ones
inline constexpr size_t kMaxBatchMutations = 1000;
inline constexpr uint32_t kMaxScanEntries = 10'000;  // a larger `limit` is reduced to this
inline constexpr uint32_t kMaxListEntries = 10'000;  // the same
inline constexpr size_t kMaxListItems = 10'000;      // elements of any list in a frame
inline constexpr size_t kMaxPingBytes = 1024;
inline constexpr size_t kMaxClientNameBytes = 64;

// Value bytes in one reply. At the limit, a scan returns a continuation token and an MGET marks the
// remaining keys `retry`. A single record always fits.
inline constexpr size_t kMaxReplyValueBytes = size_t{1} << 20;

// --- Frames ---------------------------------------------------------------------------------
// A longer frame is answered `too_large`, then the connection closes.
inline constexpr size_t kMaxFrameBytes = size_t{4} << 20;
inline constexpr size_t kMaxFrameBytesBeforeHello = 512;
// Minimum for a client's own limit; less is `invalid`. Every reply to a write fits, so that a write
// that took effect is never answered `too_large`. An outcome for each key of an MGET and the
// statistics fit, too.
inline constexpr uint32_t kLeastReplyFrameBytes = uint32_t{32} << 10;
static_assert(kLeastReplyFrameBytes >= 64 + kMaxBatchMutations * sizeof(uint64_t));
static_assert(kLeastReplyFrameBytes >= 64 + kMaxMGetKeys * 28);

// Values from this size on are sent from the memory in which they were read, as a separate piece.
inline constexpr size_t kLeastLargeValueBytes = size_t{16} << 10;
// Bytes of such values that event loops copy out of RocksDB's memory per period. At the limit,
// those that are not in the record cache are left to the readers.
inline constexpr size_t kLargeLookBytes = size_t{256} << 10;
inline constexpr int64_t kLargeLookPeriodMillis = 10;

// --- Connections ----------------------------------------------------------------------------
// A connection that reaches one of the next four is not read from until it is below it again.
inline constexpr uint32_t kMaxInFlightRequests = 1024;
inline constexpr size_t kMaxInFlightBytes = size_t{8} << 20;  // requests in flight
// Maximum bytes of the replies to reads that wait for a reader or for their partition:
// kMaxFrameBytes for a SCAN or LIST, kMaxReplyValueBytes for any other.
inline constexpr size_t kMaxInFlightReplyBytes = size_t{32} << 20;
// The initial value of that limit, which grows (server/reply_window.h): one read at a time.
inline constexpr size_t kMinInFlightReplyBytes = kMaxReplyValueBytes;
inline constexpr size_t kOutputHighWaterBytes = size_t{1} << 20;  // unsent replies

inline constexpr uint32_t kDefaultMaxConnections = 20'000;  // excess ones: `overloaded`
inline constexpr uint32_t kCeilingConnections = 1'000'000;
inline constexpr uint32_t kReservedDescriptors = 512;   // kept for RocksDB and the process itself
inline constexpr size_t kMaxRejections = 64;            // per worker; excess ones get no reply
inline constexpr int64_t kHelloTimeoutMillis = 10'000;  // then an error reply and close
inline constexpr int64_t kStalledOutputTimeoutMillis = 60'000;  // no reply was received: close
inline constexpr int64_t kDefaultDrainMillis = 10'000;          // for accepted requests at shutdown
inline constexpr int64_t kLingerMillis = 1'000;     // wait for the peer's end, see Transport
inline constexpr int64_t kAcceptPauseMillis = 100;  // when the process is out of descriptors
inline constexpr int kAcceptBacklog = 1024;         // waiting in the kernel, which refuses more
inline constexpr int kAcceptsPerTurn = 64;          // per listener, so that sessions get turns
// Time for posted tasks per turn of a loop; the remaining ones run in the next turn.
inline constexpr uint64_t kPostedWorkNanos = 250'000;
// Bytes of a connection that the kernel buffers before they can be sent.
inline constexpr size_t kUnsentKernelBytes = size_t{128} << 10;
// The same for bytes that were received but not read, where both ends are on one machine.
inline constexpr size_t kUnreadKernelBytes = size_t{256} << 10;
inline constexpr size_t kReadBufferBytes = size_t{256} << 10;  // one per loop, shared
inline constexpr size_t kDropBufferBytes = size_t{32} << 10;   // part of it, for closed sockets
// Bytes that a loop reads and sends in one turn before connections with much traffic take turns
// (server/turn_bytes.h). After that, every connection may still read and send the small amount.
inline constexpr size_t kTurnReadBytes = size_t{256} << 10;
inline constexpr size_t kTurnSendBytes = size_t{256} << 10;
inline constexpr size_t kSmallTurnBytes = size_t{4} << 10;
inline constexpr size_t kQueuedReadsPerTurn = 1;  // whole buffers of connections that take turns
// Bytes of incomplete frames that a loop releases in one turn, after their connections ended.
inline constexpr size_t kTurnReleaseBytes = size_t{1} << 20;
inline constexpr size_t kDropsPerTurn = 2;  // reads that drop what peers of closed sockets send

// --- Bulk ------------------------------------------------------------------------------------
// Large requests and replies that keep no order, such as pieces of media: they let others go first,
// and few of their bytes are given to the kernel at a time, so that a small request or reply that
// is made later does not wait for megabytes.
inline constexpr size_t kLeastBulkBytes = size_t{16} << 10;  // from this size on it is bulk
// Bulk waits while more than this of its connection is unsent.
inline constexpr size_t kUnsentBulkBytes = size_t{16} << 10;
// Bulk requests in flight per connection; further ones wait in the client. Over kMaxInFlightBytes
// the server would not read small requests, either.
inline constexpr size_t kMaxBulkInFlightBytes = size_t{4} << 20;
static_assert(kMaxBulkInFlightBytes + kMaxFrameBytes <= kMaxInFlightBytes);

// --- Memory of all connections --------------------------------------------------------------
// One limit for incomplete frames, waiting requests, results of reads and unsent replies
// (base/memory_budget.h). A connection that exceeds its share of the unused memory is not read
// from; a reply or a read that would exceed it is answered `overloaded`.
inline constexpr size_t kLeastConnectionMemoryBytes = size_t{32} << 20;  // room for one frame
inline constexpr uint64_t kCeilingConnectionMemoryBytes = uint64_t{1} << 40;
// The default is this fraction of the memory available to the process, within the next two.
inline constexpr uint64_t kConnectionMemoryPart = 8;
inline constexpr uint64_t kLeastDefaultConnectionMemoryBytes = uint64_t{64} << 20;
inline constexpr uint64_t kMostDefaultConnectionMemoryBytes = uint64_t{8} << 30;
inline constexpr size_t kConnectionShareDivisor = 4;
// A connection that holds less than this is read from, whatever others hold: enough for HELLO and
// small requests, one at a time.
inline constexpr size_t kGuaranteedConnectionBytes = size_t{2} << 10;
inline constexpr size_t kLeastReadBytes = 512;            // with less room, nothing is read
inline constexpr size_t kOpenRequestBytes = 1024;         // memory of a request beside its bytes
inline constexpr uint32_t kShortMemoryRetryMillis = 500;  // about the time to close the largest
inline constexpr int64_t kHeldBackLookMillis = 50;  // between checks of those that wait for memory
// Maximum time for a frame to become complete, without the time in which the server does not read.
// Then the connection is closed with an error reply.
inline constexpr int64_t kFrameTimeoutMillis = 30'000;
// While memory is short, connections over their share are closed, the largest first, if a frame was
// incomplete for this long, or if replies are not received or would take more than
// kSlowDrainSeconds.
inline constexpr int64_t kShortMemoryGraceMillis = 2'000;
inline constexpr uint64_t kSlowDrainSeconds = 10;
// Connections closed at a time for memory, and the pause before the next.
inline constexpr size_t kClosingsAtOnce = 4;
inline constexpr int64_t kClosingPauseMillis = 5;

// --- Content of media -----------------------------------------------------------------------
// An upload or piece that exceeds one of these is answered `too_large` or `invalid`.
inline constexpr uint32_t kMinChunkBytes = uint32_t{64} << 10;
inline constexpr uint32_t kMaxChunkBytes = uint32_t{1} << 20;
inline constexpr uint32_t kDefaultChunkBytes = uint32_t{256} << 10;
inline constexpr uint64_t kMaxContentBytes = uint64_t{128} << 30;
inline constexpr uint64_t kMaxContentChunks = uint64_t{1} << 17;  // 1 MiB of checksums in memory
inline constexpr uint32_t kMaxContentReadBytes = uint32_t{1} << 20;
inline constexpr size_t kMaxMissingRanges = 1000;  // in one answer; more are found by asking again
// Work that waits for the content store: calls and bytes of one upload, and bytes of all. Over a
// limit: `overloaded`.
inline constexpr size_t kMaxUploadSteps = 64;
inline constexpr size_t kMaxUploadWaitingBytes = size_t{2} << 20;
inline constexpr size_t kMaxContentWaitingBytes = size_t{64} << 20;
static_assert(kMaxUploadWaitingBytes >= kMaxChunkBytes);
inline constexpr size_t kMaxOpenUploads = 128;   // the others are opened when they are used again
inline constexpr size_t kMaxOpenContents = 128;  // the same
// Content that is put at once is a record up to this size, and in a segment over it.
inline constexpr size_t kMaxRecordContentBytes = size_t{16} << 10;
inline constexpr uint64_t kSegmentBytes = uint64_t{256} << 20;  // then the next one begins
inline constexpr size_t kMaxOpenSegments = 512;  // the others are opened when they are used again
inline constexpr size_t kMaxMediaFieldBytes = size_t{4} << 10;
inline constexpr uint64_t kUploadExpiryMillis = uint64_t{24} * 3600 * 1000;  // then it is dropped
// A request of MEDIA_CHECK ends after so many records or files, or bytes of content.
inline constexpr uint32_t kCheckedMediaRecords = 200;
inline constexpr uint64_t kCheckedContentBytes = uint64_t{8} << 20;
// --- Links ----------------------------------------------------------------------------------
// A request that exceeds one of these is answered `too_large`.
inline constexpr size_t kMaxLinkValueBytes = size_t{1} << 10;
inline constexpr size_t kMaxLinkChecks = 1000;
inline constexpr uint32_t kMaxLinkEntries = 10'000;  // a larger `limit` is reduced to this
// Changes of links that are taken together; others wait for them.
inline constexpr size_t kMaxLinksTogether = 128;
inline constexpr size_t kMaxLinkBytesTogether = size_t{32} << 10;  // of values; one always fits
// Links that one request for common links examines; then it returns a continuation token.
inline constexpr uint32_t kExaminedLinks = 1000;

// --- Logins and sessions ----------------------------------------------------------------------
// A request that exceeds one of these is answered `too_large` or `invalid`.
inline constexpr size_t kMaxPasswordBytes = 1024;  // at least 1
inline constexpr size_t kMaxCallerLabelBytes = 255;
inline constexpr size_t kMaxFirstRecords = 100;  // that LOGIN_REGISTER writes
inline constexpr size_t kMaxCredentialBytes = 1024;
inline constexpr uint32_t kMaxLoginsPerUser = 100;
inline constexpr size_t kMaxSessionLabelBytes = 1024;
// With more sessions of one user, the oldest is revoked.
inline constexpr uint32_t kMaxSessionsPerUser = 1000;
inline constexpr uint32_t kMaxExportedLogins = 1000;  // per page; a larger `limit` is reduced to it
// Costs of a credential that is imported, and of smiled's options; about a second of work.
inline constexpr uint32_t kMaxCredentialMemoryKib = uint32_t{256} << 10;
inline constexpr uint64_t kMaxCredentialWorkKib = uint64_t{1} << 20;  // memory, times passes
inline constexpr uint32_t kMaxArgon2Lanes = 64;
inline constexpr uint32_t kMaxBcryptCost = 14;
inline constexpr uint32_t kMaxCryptRounds = 1'000'000;
// Passwords that wait for a thread that hashes: over the limit, `overloaded`.
inline constexpr size_t kMaxHashQueuePerThread = 64;
inline constexpr uint32_t kHashQueueRetryMillis = 500;  // about the time for half a full queue
inline constexpr uint32_t kMaxHashThreads = 256;
// How long an addition with the same token is recognised.
inline constexpr uint64_t kTokenKeptMillis = uint64_t{10} * 60 * 1000;
// Guessing is slowed by service/logins/guess_limiter.h. A count is forgotten when nothing was
// guessed for this long; that a label is known to a login, when it was not used for that long.
inline constexpr uint64_t kGuessesKeptMillis = uint64_t{24} * 3600 * 1000;
inline constexpr uint32_t kFreeGuesses = 5;  // of a login by a label
inline constexpr uint32_t kFreeGuessesOfLogin = 20;
inline constexpr uint32_t kFreeGuessesOfLabel = 50;
inline constexpr uint64_t kMaxGuessDelayMillis = uint64_t{15} * 60 * 1000;
inline constexpr uint64_t kMaxLoginGuessDelayMillis = uint64_t{5} * 60 * 1000;
inline constexpr uint64_t kKnownLabelMillis = uint64_t{90} * 24 * 3600 * 1000;
inline constexpr uint64_t kKnownLabelWriteMillis = uint64_t{24} * 3600 * 1000;
inline constexpr uint32_t kGuessInFlightRetryMillis = 100;

// --- Feeds ----------------------------------------------------------------------------------
inline constexpr size_t kMaxFeedAuthors = 5'000;    // links to more: the newest count
inline constexpr size_t kMaxFeedKinds = 16;         // of one request: `too_large`
inline constexpr uint32_t kMaxFeedEntries = 1'000;  // a larger `limit` is reduced to this
inline constexpr size_t kFeedReadsTogether = 32;    // timelines that a feed reads at the same time

// --- Work that spans partitions (service/work_log.h) ------------------------------------------
inline constexpr uint64_t kWorkGraceMillis = 30'000;  // then the sweeper finishes what was begun
inline constexpr int64_t kSweepMillis = 1'000;        // between two looks for such work
inline constexpr uint32_t kSweptItems = 100;          // read from the log at once

// --- Users as a whole (service/users/user_service.h) -------------------------------------------
// USER_STAT counts so many of a kind, and says that there are more.
inline constexpr uint32_t kMaxUserTally = 1000;
// A call of an erase ends when it removed so much, or after this time; then there is more. It ends
// after so many passes although others go on writing.
inline constexpr uint64_t kMaxErasedPerCall = 10'000;
inline constexpr int64_t kMaxEraseMillis = 2'000;
inline constexpr int kMaxErasePasses = 3;
inline constexpr uint32_t kErasedTogether = 128;  // removed at the same time, or by one write
// An erase that takes longer, or was interrupted, is continued by the sweeper.
inline constexpr uint64_t kEraseGraceMillis = 5'000;

inline constexpr uint64_t kContentFreeDiskBytes = uint64_t{512} << 20;  // kept free for records

// --- Client ---------------------------------------------------------------------------------
// A server with requests in flight that sends nothing for this long has stalled: the client
// reconnects.
inline constexpr int64_t kStalledServerMillis = 20'000;
// Retries of a call whose value did not match its checksum; then it ends as `damaged_in_transit`.
inline constexpr uint32_t kMaxDamagedRetries = 3;
// A client that exceeds one of these is not created: `invalid`.
inline constexpr uint32_t kMaxClientConnections = 1024;
inline constexpr size_t kMaxClientServers = 64;
inline constexpr size_t kMaxPageTokenBytes = 1024;  // a longer one is `invalid`

// --- Storage --------------------------------------------------------------------------------
// A request that exceeds one of these is answered `overloaded`.
inline constexpr size_t kMaxCommitQueueBytes = size_t{64} << 20;  // waiting writes
inline constexpr size_t kMaxHeldWrites =
    16'384;  // conditional ones that wait for a read, and those after them
inline constexpr size_t kMaxCommitGroupBytes = size_t{8} << 20;  // of one group; the rest waits
inline constexpr size_t kMaxCommitGroupRequests = 4096;          // the same
// Bulk writes, which are those of content and all of at least kLeastBulkWriteBytes, have a share of
// a group, and a smaller one while others write too; one always fits. See storage/committer.h.
inline constexpr size_t kLeastBulkWriteBytes = size_t{64} << 10;
inline constexpr size_t kMaxBulkGroupBytes = size_t{4} << 20;
inline constexpr size_t kMaxSharedBulkGroupBytes = size_t{512} << 10;
// Writes of different partitions that take effect together: a CHECK of who writes them.
inline constexpr size_t kMaxWritesTogether = 64;
inline constexpr size_t kMaxFreeingBytes = size_t{8} << 10;  // of a request that frees space
inline constexpr size_t kMaxReaderQueue = 65'536;  // lookups, and walks, that wait for a reader
// Values that a reader fetches at once, as far as it knows their size; it fetches more afterwards.
inline constexpr size_t kMaxFetchValueBytes = 4 * kMaxReplyValueBytes;
inline constexpr size_t kMaxReaderQueueBytes = size_t{128} << 20;  // of the keys to be read
// Seeks to find the end of a damaged block; what is readable after them counts as its end. They
// count as work of the walk that found the damage.
inline constexpr size_t kMaxGapProbes = 512;
// Pause of a table's compactions after a disk error; doubled after each further failure.
inline constexpr int64_t kMinCompactionPauseSeconds = 60;
inline constexpr int64_t kMaxCompactionPauseSeconds = 3600;
// In a table file without its index: bytes searched for the end of a block, and for the start of
// the next readable block. The rest of the file is lost.
inline constexpr size_t kMaxBlockSearchBytes = size_t{4} << 20;
inline constexpr size_t kMaxBlockGapBytes = size_t{1} << 20;
inline constexpr uint32_t kFullQueueRetryMillis = 50;  // about the time to drain a full queue
// A slice of a scan or list, after which it returns what it has found. If that is nothing, other
// reads go first; after kMaxWalkSlices it returns an empty page with a continuation token.
inline constexpr size_t kMaxReadSliceRecords = 4096;  // tombstones and old versions count too
inline constexpr size_t kMaxReadSliceBytes = size_t{8} << 20;
inline constexpr uint32_t kMaxWalkSlices = 16;
// Work of a source before the next source has its turn, in records. A source that caused more, as a
// slice may, is skipped as many times.
inline constexpr size_t kReadTurnWork = 256;
// Slices between two rounds of lookups, where both wait.
inline constexpr uint32_t kWalkSlicesPerPointTurn = 1;
inline constexpr uint32_t kMaxRocksLogLinesPerSecond = 20;  // in the server log; more are counted
// Time between the expiry of a record and its removal by compaction: the largest error of a clock
// that is tolerated, such as one that is set to another time zone.
inline constexpr int64_t kExpiredRecordKeptMillis = int64_t{15} * 3600 * 1000;
inline constexpr size_t kMaxCachedValueBytes = size_t{32} << 10;  // larger ones are not cached
// With less free disk space, beside what the memtables need, puts are answered `no_space`; deletes
// are still accepted. On a small disk, a fraction of it (kDiskShare).
inline constexpr uint64_t kMinFreeDiskBytes = uint64_t{64} << 20;
inline constexpr uint64_t kDiskShare = 8;               // one byte in 8
inline constexpr uint32_t kNoSpaceRetryMillis = 1'000;  // about how often space is checked
// On a nearly full disk, memtables are flushed from this size on.
inline constexpr uint64_t kLeastEarlyFlushBytes = uint64_t{16} << 20;
// Disk space that compactions leave for the log. A compaction that would use it fails and is
// retried.
inline constexpr uint64_t kCompactionFreeDiskBytes = kMinFreeDiskBytes / 2;
// Disk space for a start and for deletes on a full disk, beside what the memtables need: a log's
// zeros, a manifest, and space that file systems report as free but keep (ext4: up to 16 MiB).
inline constexpr uint64_t kStartFreeDiskBytes = uint64_t{24} << 20;
inline constexpr uint32_t kMaxReaders = 256;
// Nice value of threads whose work may take long, such as walks that found nothing in a slice.
inline constexpr int kPatientNice = 10;
// Time slice of all threads that read: what they do before they let others run, which gives it up.
inline constexpr uint64_t kReaderSliceNanos = 200'000;
// They let others run after so much processor time, for the price of reading some KiB.
inline constexpr int64_t kReaderTurnNanos = 200'000;
inline constexpr int64_t kPatientTurnNanos = 100'000;
inline constexpr uint32_t kMaxWorkers = 256;

// --- Log ------------------------------------------------------------------------------------
inline constexpr size_t kMaxLogLineBytes = 4096;  // PIPE_BUF; longer lines are truncated
// Lines that wait because nobody reads the log; further ones are dropped and counted.
inline constexpr size_t kMaxLogQueueBytes = size_t{256} << 10;
// A process that ends, or stops at a CHECK, waits this long for its output to be read; the rest is
// dropped.
inline constexpr int64_t kLastMessageMillis = 1'000;
// Lines of one kind per period; further ones are counted, and their number is written at its end.
inline constexpr uint64_t kMaxLogBurst = 5;
inline constexpr uint64_t kMaxDebugLogBurst = 1000;  // the same, for level debug
inline constexpr int64_t kLogPeriodMillis = 10'000;
// Longer tasks report their progress in the log at this interval.
inline constexpr int64_t kProgressMillis = 1'000;
// A signal this soon after the first is the same request to stop, sent twice: to a process and to
// its group (timeout, a terminal). A later one is a second request.
inline constexpr int64_t kSignalPairMillis = 1'000;

// --- smiled ---------------------------------------------------------------------------------
inline constexpr size_t kMaxConfigBytes = size_t{1}
                                          << 20;  // of --config; a longer file is rejected

// --- smilecat -------------------------------------------------------------------------------
// Of a file to load. A longer line of JSON is a bad row; at a longer row of CSV the load stops: a
// quote may be open.
inline constexpr size_t kMaxInputRowBytes = size_t{8} << 20;
// The first CSV row with more lines is reported, though it is loaded: a quote may be open.
inline constexpr size_t kUsualRowLines = 100;
inline constexpr size_t kMaxInputJsonDepth = 512;  // of a row to load; a deeper one is a bad row
inline constexpr size_t kMaxResumeFileBytes = size_t{1} << 20;   // a longer one is rejected
inline constexpr size_t kMaxRequestLineBytes = size_t{8} << 20;  // on standard input, likewise
// Over one of these it reads no further until answers have come.
inline constexpr size_t kMaxLoadInFlightRecords = 1024;
inline constexpr size_t kMaxLoadInFlightBytes = size_t{16} << 20;
inline constexpr size_t kMaxLinesInFlight = 256;  // requests of standard input
// All pages of a scan or list as one line of a pipe; more is answered as too_large.
inline constexpr size_t kMaxCollectedBytes = size_t{256} << 20;
inline constexpr size_t kMaxDumpScansInFlight = 16;
inline constexpr size_t kMaxCompletionPages = 20;      // of a table or partition that is searched
inline constexpr int64_t kCompletionMillis = 500;      // likewise; then what was found is offered
inline constexpr size_t kMaxSniffedConnections = 500;  // of --listen; excess ones are closed
inline constexpr size_t kMaxCapturedPacketBytes = size_t{1} << 20;  // larger: the file is damaged
// Of one direction of a connection in a capture, after bytes that have not come yet. Then they are
// taken to be missing.
inline constexpr size_t kMaxCapturedHeldBytes = size_t{4} << 20;
inline constexpr size_t kMaxSniffedRequests = 65'536;  // whose operation --listen remembers

// --- Relations ------------------------------------------------------------------------------
static_assert(kMaxFrameBytes <= UINT32_MAX, "the length of a frame is a u32");
static_assert(kMaxFrameBytesBeforeHello >= 40 + kMaxClientNameBytes, "every valid HELLO fits");
static_assert(kMaxFrameBytesBeforeHello <= kMaxFrameBytes);
static_assert(kLeastReplyFrameBytes <= kMaxFrameBytes);
static_assert(kMaxPeekKeys <= kMaxMGetKeys);
static_assert(kMaxMGetKeys <= kMaxListItems && kMaxBatchMutations <= kMaxListItems,
              "requests that the server accepts can be decoded");
static_assert(kMaxLinkChecks <= kMaxListItems && kMaxLinkEntries <= kMaxListItems);
static_assert(64 + kMaxLinkChecks * (32 + kMaxLinkValueBytes) <= kMaxFrameBytes,
              "the reply to the largest check fits in a frame");
static_assert(64 + kMaxLinkEntries * 32 + kMaxReplyValueBytes <= kMaxFrameBytes,
              "the largest page of links fits in a frame");
static_assert(kErasedTogether <= kMaxBatchMutations);
static_assert(kMaxScanEntries <= kMaxListItems && kMaxListEntries <= kMaxListItems,
              "replies that the server sends can be decoded");
static_assert(kMaxValueBytes <= kMaxReplyValueBytes, "a single record always fits");
// An entry has its sort key, 30 bytes of other fields and its value.
static_assert(64 + kMaxScanEntries * (kMaxNameBytes + 30) + kMaxReplyValueBytes <= kMaxFrameBytes,
              "the largest page of a scan fits in a frame");
static_assert(64 + kMaxListEntries * (kMaxNameBytes + 2) <= kMaxFrameBytes,
              "the largest page of a list fits in a frame");

// A request that is alone on its connection is within all limits, or it would wait for ever.
static_assert(kMaxFrameBytes <= kMaxInFlightBytes);
static_assert(kMaxFrameBytes <= kMaxInFlightReplyBytes);
static_assert(kMaxFrameBytes <= kMaxCommitGroupBytes &&
              kMaxCommitGroupBytes <= kMaxCommitQueueBytes);
static_assert(kLeastConnectionMemoryBytes / kConnectionShareDivisor >= kMaxFrameBytes);
static_assert(kGuaranteedConnectionBytes >= kOpenRequestBytes + kLeastReadBytes,
              "a small request is always read");

static_assert(kDefaultMaxConnections <= kCeilingConnections);
static_assert(kLeastConnectionMemoryBytes <= kLeastDefaultConnectionMemoryBytes &&
              kLeastDefaultConnectionMemoryBytes <= kMostDefaultConnectionMemoryBytes &&
              kMostDefaultConnectionMemoryBytes <= kCeilingConnectionMemoryBytes);
static_assert(kLeastReadBytes <= kSmallTurnBytes && kSmallTurnBytes <= kReadBufferBytes &&
              kReadBufferBytes <= kTurnReadBytes && kSmallTurnBytes <= kTurnSendBytes);
static_assert(kShortMemoryGraceMillis < kFrameTimeoutMillis,
              "short memory closes a connection earlier than its timeout");
static_assert(kMaxReadSliceBytes >= kMaxReplyValueBytes, "a slice can fill a page");
static_assert(kMinCompactionPauseSeconds <= kMaxCompactionPauseSeconds);
static_assert(kCompactionFreeDiskBytes < kMinFreeDiskBytes,
              "deletes have space that compactions do not use");
static_assert(kMaxLogLineBytes <= kMaxLogQueueBytes);

}  // namespace smile::limits
