#include "bench/smilebench/generator.h"

#include <array>
#include <map>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace smile::bench {
namespace {

BenchOptions OptionsOf(WorkloadKind workload) {
  BenchOptions options;
  options.workload = workload;
  options.distribution = InfoOf(workload).distribution;
  options.keys = 10'050;  // the last author of 100 has 50
  return options;
}

std::vector<Generator::Choice> Choose(Generator* generator, int count) {
  std::array<uint64_t, kKeysPerMGet> numbers{};
  std::vector<Generator::Choice> choices;
  for (int i = 0; i < count; ++i) choices.push_back(generator->Next(numbers));
  return choices;
}

TEST(Generator, ReadAndWriteSharesMatchTheWorkload) {
  for (const WorkloadInfo& workload : kWorkloads) {
    Generator generator(OptionsOf(workload.kind), 0);
    int plain_reads = 0;
    for (const Generator::Choice& choice : Choose(&generator, 100'000)) {
      plain_reads += choice.kind != OperationKind::kPut && !choice.then_put;
    }
    EXPECT_NEAR(plain_reads / 1'000.0, workload.read_percent, 1) << workload.name;
  }
}

TEST(Generator, NumbersAreThoseOfExistingRecords) {
  for (const WorkloadInfo& workload : kWorkloads) {
    if (workload.writes == WriteKind::kInsert || workload.posts_per_author > 0) continue;
    Generator generator(OptionsOf(workload.kind), 0);
    for (const Generator::Choice& choice : Choose(&generator, 10'000)) {
      EXPECT_LT(choice.number, 10'050u) << workload.name;
    }
  }
}

TEST(Generator, EachPhotoIsUsedOnceBeforeAnyIsUsedAgain) {
  BenchOptions options = OptionsOf(WorkloadKind::kPhotoGet);
  options.first = 1'000;
  for (const WorkloadKind kind : {WorkloadKind::kPhotoPut, WorkloadKind::kPhotoGet}) {
    options.workload = kind;
    Generator generator(options, 0);
    for (int pass = 0; pass < 2; ++pass) {
      std::set<uint64_t> numbers;
      for (const Generator::Choice& choice : Choose(&generator, static_cast<int>(options.keys))) {
        numbers.insert(choice.number);
      }
      EXPECT_EQ(numbers.size(), options.keys);
      EXPECT_EQ(*numbers.begin(), 1'000u);
      EXPECT_EQ(*numbers.rbegin(), 999 + options.keys);
    }
  }
}

TEST(Generator, MGetNumbersAreDistinct) {
  Generator generator(OptionsOf(WorkloadKind::kMGet), 0);
  std::array<uint64_t, kKeysPerMGet> numbers{};
  EXPECT_EQ(generator.Next(numbers).kind, OperationKind::kMGet);
  EXPECT_GT(std::set<uint64_t>(numbers.begin(), numbers.end()).size(), 25u);
  for (const uint64_t number : numbers) EXPECT_LT(number, 10'050u);
}

TEST(Generator, ScanLimitIsAtMostTheAuthorsPosts) {
  Generator generator(OptionsOf(WorkloadKind::kYcsbE), 0);
  std::set<uint32_t> limits;
  bool last_author = false;
  for (const Generator::Choice& choice : Choose(&generator, 100'000)) {
    if (choice.kind != OperationKind::kScan) continue;
    const uint64_t author = choice.number - InfoOf(WorkloadKind::kYcsbE).first_author;
    EXPECT_LE(author, 100u);
    EXPECT_LE(choice.limit, author == 100 ? 50u : 100u);
    last_author = last_author || author == 100;
    limits.insert(choice.limit);
  }
  EXPECT_TRUE(last_author);
  EXPECT_EQ(limits.size(), 100u);
  EXPECT_EQ(*limits.begin(), 1u);
}

TEST(Generator, InsertedPostsBelongToUnscannedAuthors) {
  Generator generator(OptionsOf(WorkloadKind::kYcsbE), 0);
  for (const Generator::Choice& choice : Choose(&generator, 10'000)) {
    if (choice.kind == OperationKind::kPut) {
      EXPECT_GE(choice.number, InfoOf(WorkloadKind::kYcsbE).first_number() + 10'100u);
    }
  }
}

TEST(Generator, LoadersInsertDisjointRecords) {
  BenchOptions options = OptionsOf(WorkloadKind::kYcsbD);
  options.threads = 3;
  std::set<uint64_t> inserted;
  int inserts = 0;
  for (uint32_t index = 0; index < options.threads; ++index) {
    Generator generator(options, index);
    for (const Generator::Choice& choice : Choose(&generator, 1'000)) {
      if (choice.kind != OperationKind::kPut) continue;
      ++inserts;
      EXPECT_GE(choice.number, options.keys);
      inserted.insert(choice.number);
    }
  }
  EXPECT_GT(inserts, 0);
  EXPECT_EQ(inserted.size(), static_cast<size_t>(inserts));
}

TEST(Generator, LatestPrefersAcknowledgedInserts) {
  BenchOptions options = OptionsOf(WorkloadKind::kYcsbD);
  Generator generator(options, 0);
  std::vector<uint64_t> inserts;
  while (inserts.size() < 3) {
    for (const Generator::Choice& choice : Choose(&generator, 1)) {
      if (choice.kind == OperationKind::kPut) inserts.push_back(choice.number);
      if (choice.kind == OperationKind::kGet) {
        EXPECT_LT(choice.number, options.keys);
      }
    }
  }
  generator.WasPut(inserts[1]);  // behind one that is not there yet
  for (const Generator::Choice& choice : Choose(&generator, 10'000)) {
    if (choice.kind == OperationKind::kGet) {
      EXPECT_LT(choice.number, options.keys);
    }
  }
  generator.WasPut(inserts[0]);
  std::map<uint64_t, int> reads;
  for (const Generator::Choice& choice : Choose(&generator, 10'000)) {
    if (choice.kind == OperationKind::kGet) ++reads[choice.number];
  }
  EXPECT_EQ(reads.rbegin()->first, inserts[1]);
  EXPECT_GT(reads[inserts[1]], reads[inserts[0]]);
  EXPECT_GT(reads[inserts[0]], reads[options.keys - 1]);
  EXPECT_GT(reads[options.keys - 1], reads[options.keys - 100]);
}

}  // namespace
}  // namespace smile::bench
