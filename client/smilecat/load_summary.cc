#include "client/smilecat/load_summary.h"

#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/print.h"
#include "base/progress.h"
#include "base/text.h"

namespace smile::cat {
namespace {

using Json = nlohmann::ordered_json;

std::string Describe(const LoadCounts& counts) {
  return fmt::format("{}: {} written, {} already there, {} expired, {} refused, {}",
                     Counted(counts.rows, "row"), Counted(counts.written, "record"),
                     WithCommas(counts.present), WithCommas(counts.expired),
                     WithCommas(counts.refused), Counted(counts.bad_rows, "bad row"));
}

Json JsonOf(const LoadCounts& counts) {
  Json object;
  object["rows"] = counts.rows;
  object["written"] = counts.written;
  object["already_there"] = counts.present;
  object["expired"] = counts.expired;
  object["refused"] = counts.refused;
  object["bad_rows"] = counts.bad_rows;
  return object;
}

uint64_t RowsPerSecond(const LoadSummary& summary) {
  if (summary.seconds <= 0) return 0;
  const LoadCounts here = summary.total.Since(summary.before);
  return static_cast<uint64_t>(static_cast<double>(here.rows) / summary.seconds);
}

}  // namespace

std::string LoadSummaryText(const LoadSummary& summary) {
  const LoadCounts here = summary.total.Since(summary.before);
  const std::string input = Printable(summary.input);
  if (summary.resumed && summary.whole && here.rows == 0) {
    return fmt::format("{}: nothing new; in all {}\n", input, Describe(summary.total));
  }
  std::string text =
      fmt::format("{}: {}{}{}; {:.1f} s, {} rows/s\n", input, summary.whole ? "" : "not whole, ",
                  summary.resumed ? "this run " : "", Describe(here), summary.seconds,
                  WithCommas(RowsPerSecond(summary)));
  if (summary.resumed) text += fmt::format("{}: in all {}\n", input, Describe(summary.total));
  return text;
}

std::string LoadSummaryJson(const LoadSummary& summary) {
  Json object = JsonOf(summary.total.Since(summary.before));
  object["whole"] = summary.whole;
  object["seconds"] = summary.seconds;
  object["rows_per_second"] = RowsPerSecond(summary);
  object["total"] = JsonOf(summary.total);
  return object.dump() + "\n";
}

void PrintLoadSummary(const LoadSummary& summary, bool json) {
  PrintText(stdout, json ? LoadSummaryJson(summary) : LoadSummaryText(summary));
}

}  // namespace smile::cat
