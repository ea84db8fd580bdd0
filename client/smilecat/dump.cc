#include "client/smilecat/dump.h"

#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "client/smilecat/dump_line.h"
#include "client/smilecat/dump_walk.h"
#include "client/smilecat/output_file.h"
#include "client/smilecat/reply.h"
#include "model/path.h"

namespace smile::cat {
namespace {

ExitStatus Complain(const std::string& words, ExitStatus status) {
  fmt::print(stderr, "smilecat: {}\n", words);
  return status;
}

Result<Path> TableOrPartition(const std::string& text) {
  SMILE_ASSIGN(Path path, ParsePath(text));
  // A table without sort keys has one record a partition, and the same path for both.
  const bool is_partition = path.kind == Path::Kind::kPartition ||
                            (path.kind == Path::Kind::kRecord && path.key.sort.empty());
  if (path.kind == Path::Kind::kTable || is_partition) return path;
  return Status(Code::kInvalid,
                fmt::format("dump takes a table or a partition, such as users or users/42; {} is "
                            "neither",
                            text));
}

// One dump: records to lines, and lines to where they go.
class DumpRun {
 public:
  DumpRun(OutputFile* file, const Interrupt* interrupt)
      : file_(file), interrupt_(interrupt), progress_(stderr, &clock_) {}

  DumpWalk::Sink Sink() {
    return {[this](const KeyView& key, const RecordView& record) { return Write(key, record); },
            [this](const PartitionView& partition, const Status& status) {
              progress_.Clear();
              fmt::print(stderr, "smilecat: {}: {}\n", FormatPartition(partition),
                         status.ToString());
              ++refused_;
            }};
  }

  uint64_t refused() const { return refused_; }

  Status Finish() {
    progress_.Clear();
    if (file_ != nullptr) return file_->Commit();
    return std::fflush(stdout) == 0 ? Status() : NoOutput();
  }

  void PrintSummary(const std::string& path, uint64_t partitions) {
    fmt::print(stderr, "{}: {} records of {} partitions, {} not read whole; {:.1f} s\n", path,
               WithCommas(records_), WithCommas(partitions), refused_, progress_.seconds());
  }

 private:
  static Status NoOutput() { return {Code::kInvalid, "cannot write to standard output"}; }

  Status Write(const KeyView& key, const RecordView& record) {
    if (interrupt_->Raised()) return {Code::kInvalid, "interrupted, the dump is not whole"};
    const std::string line = DumpLine(key, record);
    ++records_;
    progress_.Update({.unit = "records", .done = records_, .done_here = records_});
    if (file_ != nullptr) return file_->Write(line);
    return std::fwrite(line.data(), 1, line.size(), stdout) == line.size() ? Status() : NoOutput();
  }

  const SystemClock clock_;
  OutputFile* const file_;  // null: standard output
  const Interrupt* const interrupt_;
  Progress progress_;
  uint64_t records_ = 0;
  uint64_t refused_ = 0;
};

}  // namespace

ExitStatus RunDump(const DumpOptions& options) {
  const Result<Path> path = TableOrPartition(options.path);
  if (!path.ok()) return Complain(path.status().words(), ExitStatus::kUsage);
  const Interrupt interrupt;  // so that an unfinished file is taken away
  std::unique_ptr<OutputFile> file;
  if (!options.output_file.empty()) {
    Result<std::unique_ptr<OutputFile>> created = OutputFile::Create(options.output_file);
    if (!created.ok()) return Complain(created.status().words(), ExitStatus::kFile);
    file = std::move(*created);
  }
  const Result<std::unique_ptr<Client>> client = Connect(options.server);
  if (!client.ok()) return Complain(client.status().words(), ExitStatus::kConnection);
  const Status reached = Probe(client->get(), options.server.deadline_millis);
  if (!reached.ok()) return Complain(Complaint(reached), ExitStatusOf(reached));
  DumpRun run(file.get(), &interrupt);
  DumpWalk walk(client->get(), options.server.deadline_millis, path->key.table);
  if (path->kind != Path::Kind::kTable) walk.Only(path->key.partition);
  Status status = walk.Run(run.Sink());
  if (status.ok()) status = run.Finish();
  if (!status.ok()) {
    const bool ours = status.code() == Code::kInvalid;  // the output's, or an interruption
    if (!ours) return Complain(Complaint(status), ExitStatusOf(status));
    return Complain(status.words(),
                    interrupt.Raised() ? ExitStatus::kInterrupted : ExitStatus::kFile);
  }
  run.PrintSummary(options.path, walk.partitions());
  return run.refused() > 0 ? ExitStatus::kIncomplete : ExitStatus::kOk;
}

}  // namespace smile::cat
