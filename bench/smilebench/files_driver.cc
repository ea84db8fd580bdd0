#include "bench/smilebench/files_driver.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "bench/smilebench/descriptor.h"
#include "bench/smilebench/http_protocol.h"
#include "bench/smilebench/process.h"

namespace smile::bench {
namespace {

constexpr const char* kNewFiles = "/new";
constexpr int kDirectories = 256;

Status WriteDurably(const std::string& path, ByteView bytes) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file.ok()) return FailedCall(path);
  SMILE_TRY(WriteAll(file, bytes, path));
  return fsync(file.number()) == 0 ? Status() : FailedCall(path);
}

Status ReadWhole(const std::string& path, Bytes* bytes) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (!file.ok() || fstat(file.number(), &info) != 0) return FailedCall(path);
  bytes->resize(static_cast<size_t>(info.st_size));
  const ssize_t got = read(file.number(), bytes->data(), bytes->size());
  if (got < 0) return FailedCall(path);
  bytes->resize(static_cast<size_t>(got));
  return {};
}

}  // namespace

Result<std::unique_ptr<Driver>> FilesDriver::Open(const BenchOptions& options,
                                                  const DriverParts& parts) {
  const std::string& directory = options.target.directory;
  SMILE_TRY(MakeDirectory(directory));
  SMILE_TRY(MakeDirectory(directory + kNewFiles));
  for (int i = 0; i < kDirectories; ++i) {
    SMILE_TRY(MakeDirectory(fmt::format("{}/{:02x}", directory, i)));
  }
  return std::unique_ptr<Driver>(new FilesDriver(options, parts));
}

FilesDriver::FilesDriver(const BenchOptions& options, const DriverParts& parts)
    : directory_(options.target.directory), loop_(parts.loop), events_(parts.events) {
  for (uint32_t i = 0; i < options.connections; ++i) {
    threads_.emplace_back([this] { Work(); });
  }
}

FilesDriver::~FilesDriver() {
  *self_ = nullptr;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void FilesDriver::Start(uint32_t /*connection*/, uint32_t slot, const Operation& operation) {
  if (operation.kind == OperationKind::kPing) {
    pings_.push_back(slot);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back({slot, operation.kind, operation.number, Bytes(operation.value), {}});
  }
  changed_.notify_one();
}

void FilesDriver::Flush() {
  for (const uint32_t slot : std::exchange(pings_, {})) events_->OnAnswer(slot, {}, {});
}

double FilesDriver::StorageCpuSeconds() const {
  const std::lock_guard lock(mutex_);
  return cpu_seconds_;
}

void FilesDriver::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (stopping_) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    const double before = OwnThreadCpuSeconds();
    Do(&job);
    const double used = OwnThreadCpuSeconds() - before;
    loop_->Post([self = self_, done = std::make_shared<Job>(std::move(job))] {
      if (*self != nullptr) (*self)->OnDone(*done);
    });
    lock.lock();
    cpu_seconds_ += used;
  }
}

void FilesDriver::Do(Job* job) const {
  const std::string path = directory_ + HttpProtocol::PathOf(job->number);
  if (job->kind == OperationKind::kGet) {
    job->status = ReadWhole(path, &job->value);
    return;
  }
  const std::string name = fmt::format("{}{}/{}", directory_, kNewFiles, job->number);
  job->status = WriteDurably(name, job->value);
  if (job->status.ok() && std::rename(name.c_str(), path.c_str()) != 0)
    job->status = FailedCall(path);
}

void FilesDriver::OnDone(const Job& job) {
  const ByteView value(job.value);
  events_->OnAnswer(job.slot, job.status, {.values = {&value, 1}});
}

}  // namespace smile::bench
