#include "bench/smilebench/logins.h"

#include <argon2.h>

#include <array>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bench/smilebench/users_client.h"

namespace smile::bench {
namespace {

constexpr std::string_view kPassword = "correct horse battery staple";
constexpr std::string_view kSalt = "0123456789abcdef";
constexpr size_t kHashBytes = 32;

Bytes LoginOfNumber(uint32_t number) {
  return fmt::format("bench.{}@mail.example", number);
}

class LoginsRun {
 public:
  LoginsRun(const LoginsOptions& options, const Clock& clock,
            const std::function<bool()>& interrupted)
      : options_(options), clock_(clock), interrupted_(interrupted) {}

  Result<LoginsResults> Run();

 private:
  Status Connect();
  void Verify(uint32_t login);
  void VerifyAll();
  void HashOnThreads();
  bool IsOver();

  const LoginsOptions& options_;
  const Clock& clock_;
  const std::function<bool()>& interrupted_;
  std::unique_ptr<UsersClient> client_;
  int64_t end_nanos_ = 0;
  uint32_t busy_ = 0;
  std::mutex mutex_;  // of the results
  LoginsResults results_;
};

bool LoginsRun::IsOver() {
  const std::lock_guard lock(mutex_);
  if (interrupted_()) results_.interrupted = true;
  return results_.interrupted || !results_.failure.ok() || clock_.MonotonicNanos() >= end_nanos_;
}

Status LoginsRun::Connect() {
  UsersOptions users;
  users.server = *options_.server;
  users.connections = options_.logins;
  users.depth = 1;
  SMILE_ASSIGN(client_, UsersClient::Create(users, &clock_));
  SMILE_TRY(client_->Connect());
  Status failure;
  busy_ = options_.logins;
  for (uint32_t i = 0; i < options_.logins; ++i) {
    const Bytes login = LoginOfNumber(i);
    client_->Call<op::LoginRegister>(
        i, {.login = login, .password = kPassword}, [&](const Answer<op::LoginRegister>& answer) {
          const bool exists = answer.status().code() == Code::kConditionFailed;
          if (!answer.ok() && !exists) failure = answer.status();
          if (--busy_ == 0) client_->Stop();
        });
  }
  client_->Run();
  return failure;
}

void LoginsRun::Verify(uint32_t login) {
  if (IsOver()) {
    if (--busy_ == 0) client_->Stop();
    return;
  }
  const int64_t begun = clock_.MonotonicNanos();
  const Bytes name = LoginOfNumber(login);
  client_->Call<op::LoginVerify>(login, {.login = name, .password = kPassword},
                                 [this, login, begun](const Answer<op::LoginVerify>& answer) {
                                   if (answer.ok())
                                     results_.latencies.Add(clock_.MonotonicNanos() - begun);
                                   if (!answer.ok()) results_.failure = answer.status();
                                   Verify(login);
                                 });
}

void LoginsRun::VerifyAll() {
  busy_ = options_.logins;
  for (uint32_t i = 0; i < options_.logins; ++i) Verify(i);
  client_->Run();
}

void LoginsRun::HashOnThreads() {
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < options_.logins; ++i) {
    threads.emplace_back([this] {
      std::array<char, kHashBytes> hash{};
      while (!IsOver()) {
        const int64_t begun = clock_.MonotonicNanos();
        const int failed = argon2id_hash_raw(options_.passes, options_.memory_kib, options_.lanes,
                                             kPassword.data(), kPassword.size(), kSalt.data(),
                                             kSalt.size(), hash.data(), hash.size());
        const std::lock_guard lock(mutex_);
        if (failed == ARGON2_OK) results_.latencies.Add(clock_.MonotonicNanos() - begun);
        if (failed != ARGON2_OK) results_.failure = {Code::kInvalid, argon2_error_message(failed)};
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

Result<LoginsResults> LoginsRun::Run() {
  if (options_.server.has_value()) SMILE_TRY(Connect());
  const double own_cpu = OwnCpuSeconds();
  const ProcessMeter server(options_.server_pid);
  const int64_t start = clock_.MonotonicNanos();
  end_nanos_ = start + static_cast<int64_t>(options_.seconds * 1e9);
  if (options_.server.has_value()) {
    VerifyAll();
  } else {
    HashOnThreads();
  }
  results_.seconds = static_cast<double>(clock_.MonotonicNanos() - start) / 1e9;
  results_.client_cpu_seconds = OwnCpuSeconds() - own_cpu;
  if (options_.server_pid != 0) results_.server = server.Read();
  return std::move(results_);
}

}  // namespace

Result<LoginsResults> RunLogins(const LoginsOptions& options, const Clock& clock,
                                const std::function<bool()>& interrupted) {
  if (options.server_pid != 0) SMILE_TRY(RequireProcess(options.server_pid));
  return LoginsRun(options, clock, interrupted).Run();
}

}  // namespace smile::bench
