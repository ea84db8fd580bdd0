// Every bound of Smile has its name here. What happens when one is met is said beside it.
//
// "Ceiling" marks what an operator's setting may not exceed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace smile::limits {

// --- Records --------------------------------------------------------------------------------
// Over one of these a request is answered `too_large` or `invalid`.
inline constexpr size_t kMaxValueBytes = size_t{1} << 20;
inline constexpr size_t kMaxNameBytes = 255;  // record names and logins, at least 1
inline constexpr uint32_t kMaxExpirySeconds = 100u * 365 * 24 * 3600;

// --- Requests -------------------------------------------------------------------------------
inline constexpr size_t kMaxMGetKeys = 1000;
inline constexpr size_t kMaxPeekKeys = 128;  // of an MGET on an event loop; else a reader does it
inline constexpr size_t kMaxBatchMutations = 1000;
inline constexpr uint32_t kMaxScanEntries = 10'000;  // a larger limit is cut down to this
inline constexpr uint32_t kMaxListEntries = 10'000;  // likewise
inline constexpr size_t kMaxListItems = 10'000;      // elements of any list in a frame
inline constexpr size_t kMaxPingBytes = 1024;
inline constexpr size_t kMaxClientNameBytes = 64;

// Value bytes that one answer may carry; a scan then hands back a continuation, an MGET marks what
// is left for the client to ask again. A single record always fits.
inline constexpr size_t kMaxReplyValueBytes = size_t{1} << 20;

// --- Frames ---------------------------------------------------------------------------------
// A longer frame is answered `too_large`, then the connection closes.
inline constexpr size_t kMaxFrameBytes = size_t{4} << 20;
inline constexpr size_t kMaxFrameBytesBeforeHello = 512;
// Least that a client may ask for as its own limit, else `invalid`. Every reply to a write fits, so
// that a write which took effect is never answered `too_large`; so do an outcome for each key of an
// MGET, and the statistics.
inline constexpr uint32_t kLeastReplyFrameBytes = uint32_t{32} << 10;
static_assert(kLeastReplyFrameBytes >= 64 + kMaxBatchMutations * sizeof(uint64_t));
static_assert(kLeastReplyFrameBytes >= 64 + kMaxMGetKeys * 28);

// A value from here on leaves a server in the memory in which it was read, as a piece of its own.
inline constexpr size_t kLeastLargeValueBytes = size_t{16} << 10;
// What event loops copy of such values out of RocksDB's memory in a period; then those that are
// not in the record cache are left to the readers.
inline constexpr size_t kLargeLookBytes = size_t{256} << 10;
inline constexpr int64_t kLargeLookPeriodMillis = 10;

// --- Connections ----------------------------------------------------------------------------
// Over one of the next four a connection is not read from until it is under again.
inline constexpr uint32_t kMaxInFlightRequests = 1024;
inline constexpr size_t kMaxInFlightBytes = size_t{8} << 20;  // requests not yet answered
// What reads that have to wait for a thread or their turn may be answered with, whether or not the
// client takes it: kMaxFrameBytes a SCAN or LIST, kMaxReplyValueBytes any other.
inline constexpr size_t kMaxInFlightReplyBytes = size_t{32} << 20;
// Where that limit begins (server/reply_window.h): one read at a time.
inline constexpr size_t kMinInFlightReplyBytes = kMaxReplyValueBytes;
inline constexpr size_t kOutputHighWaterBytes = size_t{1} << 20;  // answers not yet taken

inline constexpr uint32_t kDefaultMaxConnections = 20'000;  // one more is told `overloaded`, closed
inline constexpr uint32_t kCeilingConnections = 1'000'000;
inline constexpr uint32_t kReservedDescriptors = 512;   // kept for RocksDB and the process itself
inline constexpr size_t kMaxRefusals = 64;              // a worker; more are closed without a word
inline constexpr int64_t kHelloTimeoutMillis = 10'000;  // then closed with a word
inline constexpr int64_t kStalledOutputTimeoutMillis = 60'000;  // a client that takes nothing
inline constexpr int64_t kDefaultDrainMillis = 10'000;          // for accepted requests at shutdown
inline constexpr int64_t kLingerMillis = 1'000;     // for the peer's end after ours, see Transport
inline constexpr int64_t kAcceptPauseMillis = 100;  // when the process is out of descriptors
inline constexpr int kAcceptBacklog = 1024;         // waiting in the kernel; more are refused by it
inline constexpr int kAcceptsPerTurn = 64;          // of one listener, so that sessions get turns
// Work that other threads have posted to a loop; what is left then comes in its next turn.
inline constexpr uint64_t kPostedWorkNanos = 250'000;
// Of a connection's bytes, what the kernel takes before they can be sent.
inline constexpr size_t kUnsentKernelBytes = size_t{128} << 10;
inline constexpr size_t kReadBufferBytes = size_t{64} << 10;  // one per loop, shared
// What a loop reads, and sends, in one turn before connections with much to say have to take turns
// (server/turn_bytes.h); then every connection may still be read and sent the small amount.
inline constexpr size_t kTurnReadBytes = size_t{128} << 10;
inline constexpr size_t kTurnSendBytes = size_t{256} << 10;
inline constexpr size_t kSmallTurnBytes = size_t{4} << 10;

// --- Memory of all connections --------------------------------------------------------------
// One bound for half frames, requests that wait, results of reads and replies that are not taken
// (base/memory_budget.h). A connection over its share of what is left is not read from; a reply or
// a read that would be over it is answered `overloaded`.
inline constexpr size_t kLeastConnectionMemoryBytes = size_t{32} << 20;  // room for one frame
inline constexpr uint64_t kCeilingConnectionMemoryBytes = uint64_t{1} << 40;
// The default is this part of the memory that the process may have, within these two.
inline constexpr uint64_t kConnectionMemoryPart = 8;
inline constexpr uint64_t kLeastDefaultConnectionMemoryBytes = uint64_t{64} << 20;
inline constexpr uint64_t kMostDefaultConnectionMemoryBytes = uint64_t{8} << 30;
inline constexpr size_t kConnectionShareDivisor = 4;
// A connection that holds less than this is read from whatever the others hold: enough for HELLO
// and small requests, one at a time.
inline constexpr size_t kGuaranteedConnectionBytes = size_t{2} << 10;
inline constexpr size_t kLeastReadBytes = 512;            // with less room, it is not read at all
inline constexpr size_t kOpenRequestBytes = 1024;         // what it takes beside its own bytes
inline constexpr uint32_t kShortMemoryRetryMillis = 500;  // about what it takes to close the worst
inline constexpr int64_t kHeldBackLookMillis = 50;        // at those that wait for others' memory
// Over this time, in which the server was ready to read on, for one frame the connection is closed
// with a message.
inline constexpr int64_t kFrameTimeoutMillis = 30'000;
// While memory is short, connections over their share are closed, the largest first, if a frame has
// not become whole for so long, or if replies are not taken or would not be in kSlowDrainSeconds
// more.
inline constexpr int64_t kShortMemoryGraceMillis = 2'000;
inline constexpr uint64_t kSlowDrainSeconds = 10;
// So many at a time, and a pause before the next.
inline constexpr size_t kClosingsAtOnce = 4;
inline constexpr int64_t kClosingPauseMillis = 5;

// --- Client ---------------------------------------------------------------------------------
// A server that owes answers and sends nothing for so long is given up: its connection is made
// anew.
inline constexpr int64_t kSilentServerMillis = 20'000;
// Retries of a call whose value did not match its checksum; then it ends as `damaged_in_transit`.
inline constexpr uint32_t kMaxDamagedRetries = 3;
// Over one of these a client is not created: `invalid`.
inline constexpr uint32_t kMaxClientConnections = 1024;
inline constexpr size_t kMaxClientServers = 64;
inline constexpr size_t kMaxPageTokenBytes = 1024;  // a longer one is `invalid`

// --- Storage --------------------------------------------------------------------------------
// Over one of these a request is answered `overloaded`.
inline constexpr size_t kMaxCommitQueueBytes = size_t{64} << 20;  // waiting writes
inline constexpr size_t kMaxHeldWrites =
    16'384;  // conditional ones that wait for a read, and those after them
inline constexpr size_t kMaxCommitGroupBytes = size_t{8} << 20;  // one batch; the rest waits
inline constexpr size_t kMaxCommitGroupRequests = 4096;          // likewise
inline constexpr size_t kMaxReaderQueue = 65'536;  // point reads, and walks, waiting for a reader
// Values that a reader asks for at once, as far as it knows their size; for more it asks again.
inline constexpr size_t kMaxFetchValueBytes = 4 * kMaxReplyValueBytes;
inline constexpr size_t kMaxReaderQueueBytes = size_t{128} << 20;  // of the keys to be read
// Seeks to find where a damaged block ends; what is readable after them counts as the end. They
// count as work of the walk that met it.
inline constexpr size_t kMaxGapProbes = 512;
// How long compactions of a table pause after an error of the disk; twice as long after each that
// fails again.
inline constexpr int64_t kMinCompactionPauseSeconds = 60;
inline constexpr int64_t kMaxCompactionPauseSeconds = 3600;
// Of a table file without its index: what is looked at for the end of a block, and for the
// beginning of the next block that can be read. All after that is lost.
inline constexpr size_t kMaxBlockSearchBytes = size_t{4} << 20;
inline constexpr size_t kMaxBlockGapBytes = size_t{1} << 20;
inline constexpr uint32_t kFullQueueRetryMillis = 50;  // about what a full queue takes to drain
// A scan or list that has looked at so much, a slice, hands back what it has found. If it has found
// nothing, it lets other reads go before it; after so many slices its page is empty, and says where
// to go on.
inline constexpr size_t kMaxReadSliceRecords = 4096;  // tombstones and old versions count too
inline constexpr size_t kMaxReadSliceBytes = size_t{8} << 20;
inline constexpr uint32_t kMaxWalkSlices = 16;
// What a source may cause before the next has its turn, in records that are looked at. Who caused
// more, as a slice may, is passed over as many times.
inline constexpr size_t kReadTurnWork = 256;
// So many slices go between one taking of point reads and the next, where both wait.
inline constexpr uint32_t kWalkSlicesPerPointTurn = 1;
inline constexpr uint32_t kMaxRocksLogLinesPerSecond = 20;  // in the process log; more are counted
// Compactions drop a record so long after it has expired: as long as a clock may have been wrong
// by, such as one that was set to another time zone's time.
inline constexpr int64_t kExpiredRecordKeptMillis = int64_t{15} * 3600 * 1000;
inline constexpr size_t kMaxCachedValueBytes = size_t{32} << 10;  // larger ones are not cached
// With less room on the disk, beside what the memtables need, puts are answered `no_space`; deletes
// are still taken. On a small disk, this share of it.
inline constexpr uint64_t kMinFreeDiskBytes = uint64_t{64} << 20;
inline constexpr uint64_t kDiskShare = 8;  // one in so many bytes
// On a disk that gets short memtables are written out already when they have so much.
inline constexpr uint64_t kLeastEarlyFlushBytes = uint64_t{16} << 20;
// Compactions leave so much to the log, so that they do not end writing; a compaction that would
// take it fails and is tried again.
inline constexpr uint64_t kCompactionFreeDiskBytes = kMinFreeDiskBytes / 2;
// What a start and deletes on a full disk need beside what the memtables need: a log's zeros, a
// manifest; and what file systems say is free and keep for themselves (ext4: up to 16 MiB).
inline constexpr uint64_t kStartFreeDiskBytes = uint64_t{24} << 20;
inline constexpr uint32_t kMaxReaders = 256;
// Readers have the processor after the event loops: what is in memory is answered whatever is read
// from disk meanwhile.
inline constexpr int kReaderNice = 10;
inline constexpr int64_t kLoopTimeSliceNanos = 100'000;  // the least that Linux gives
inline constexpr uint32_t kMaxWorkers = 256;

// --- Log ------------------------------------------------------------------------------------
inline constexpr size_t kMaxLogLineBytes = 4096;  // PIPE_BUF; a longer line is cut
// Lines that wait to be written because nobody reads the log; more are dropped and counted.
inline constexpr size_t kMaxLogQueueBytes = size_t{256} << 10;
// A process that ends, or stops at a CHECK, waits so long for somebody to read its output; then
// what is left is dropped.
inline constexpr int64_t kLastWordsMillis = 1'000;
// Lines of one kind that are written in a period; more are counted, and their number is written at
// its end.
inline constexpr uint64_t kMaxLogBurst = 5;
inline constexpr uint64_t kMaxDebugLogBurst = 1000;  // likewise, of the level debug
inline constexpr int64_t kLogPeriodMillis = 10'000;
// What takes longer says so in the log, and again about as often.
inline constexpr int64_t kProgressMillis = 1'000;
// A signal so soon after the first is the same request to stop, sent twice: to a process and to its
// group (timeout, a terminal). A later one is a second request.
inline constexpr int64_t kSignalPairMillis = 1'000;

// --- smiled ---------------------------------------------------------------------------------
inline constexpr size_t kMaxConfigBytes = size_t{1} << 20;  // of --config; a longer file is refused

// --- smilecat -------------------------------------------------------------------------------
// Of a file to load. A longer line of JSON is a bad row; at a longer row of CSV the load stops: a
// quote may be open.
inline constexpr size_t kMaxInputRowBytes = size_t{8} << 20;
inline constexpr size_t kMaxInputJsonDepth = 512;  // of a row to load; a deeper one is a bad row
inline constexpr size_t kMaxResumeFileBytes = size_t{1} << 20;   // a longer one is refused
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
inline constexpr size_t kMaxSniffedConnections = 500;  // of --listen; one more is closed
inline constexpr size_t kMaxCapturedPacketBytes = size_t{1} << 20;  // larger: the file is damaged
// Of one direction of a connection in a capture, after bytes that have not come yet. Then they are
// taken to be missing.
inline constexpr size_t kMaxCapturedHeldBytes = size_t{4} << 20;
inline constexpr size_t kMaxSniffedRequests = 65'536;  // whose operation --listen remembers

}  // namespace smile::limits
