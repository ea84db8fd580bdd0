// Text on standard output and standard error.
//
// fmt::print throws when the stream cannot be written, and so would end a process whose output is
// on a full disk or whose terminal is gone. PrintTo never fails; Printed tells what became of it.
#pragma once

#include <cstdio>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace smile {

// Writes all of `text` or sets the error flag of `out`.
void PrintText(std::FILE* out, std::string_view text);

// The same, formatted. No line end is added.
template <class... Args>
void PrintTo(std::FILE* out, fmt::format_string<Args...> format, Args&&... args) {
  PrintText(out, fmt::format(format, std::forward<Args>(args)...));
}

// Flushes `out`. False if it or anything written before it failed: part of the output is missing.
bool Printed(std::FILE* out);

}  // namespace smile
