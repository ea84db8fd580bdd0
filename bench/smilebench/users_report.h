// The results of `smilebench load` and `smilebench lookups`, as text or as JSON.
#pragma once

#include <string>

#include "bench/smilebench/users_load.h"
#include "bench/smilebench/users_lookups.h"
#include "bench/smilebench/users_options.h"

namespace smile::bench {

std::string FormatText(const UsersOptions& options, const UsersLoadResults& results);
std::string FormatJson(const UsersOptions& options, const UsersLoadResults& results);

std::string FormatText(const UsersOptions& options, const LookupResults& results);
std::string FormatJson(const UsersOptions& options, const LookupResults& results);

}  // namespace smile::bench
