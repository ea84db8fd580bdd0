// What `smilecat load` says at its end.
#pragma once

#include <string>

#include "client/smilecat/load_tracker.h"

namespace smile::cat {

struct LoadSummary {
  std::string input;
  LoadCounts before;     // of earlier runs
  LoadCounts total;      // with this run's
  bool resumed = false;  // from an earlier run's position
  bool whole = true;     // the input was read to its end
  double seconds = 0;    // of this run
};

// One line of text (two if an earlier run's counts are to be told apart), or of JSON, with its line
// end. Rates are of this run.
std::string LoadSummaryText(const LoadSummary& summary);
std::string LoadSummaryJson(const LoadSummary& summary);

// On stdout.
void PrintLoadSummary(const LoadSummary& summary, bool json);

}  // namespace smile::cat
