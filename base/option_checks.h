// Checks of the values of CLI11 options, for smilecat and smilebench, and messages of CLI11's
// errors, for smiled too.
//
// CLI11's own conversions take more than a person means (see number_text.h), and its Range lets
// "nan" through: every numeric option has one of these checks.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "base/number_text.h"

namespace smile {

// What a validator answers: empty if there is a number.
template <class Number>
std::string ProblemOf(const Result<Number>& number) {
  return number.ok() ? std::string() : number.status().message();
}

inline CLI::Validator IntegerFrom(uint64_t min, uint64_t max) {
  return CLI::Validator(
      [min, max](const std::string& text) { return ProblemOf(ReadInteger(text, min, max)); }, "");
}

// An empty value is mostly a variable that is not set in a script: it must not mean the default.
inline CLI::Validator NotEmpty() {
  return CLI::Validator(
      [](const std::string& text) {
        return text.empty() ? std::string("the value is empty; give one, or leave the option out")
                            : std::string();
      },
      "");
}

inline CLI::Validator DecimalFrom(double min, double max) {
  return CLI::Validator(
      [min, max](const std::string& text) { return ProblemOf(ReadDecimal(text, min, max)); }, "");
}

// Accepts the names of values, for an option of an enumeration. `description` is for the help.
template <class Enum>
CLI::Validator OneOf(std::map<std::string, Enum> values, std::string description) {
  return CLI::Validator(
      [values = std::move(values)](std::string& text) {
        if (const auto found = values.find(text); found != values.end()) {
          text = std::to_string(static_cast<uint64_t>(found->second));
          return std::string();
        }
        std::string names;
        for (const auto& [name, value] : values) names += (names.empty() ? "" : ", ") + name;
        return "\"" + text + "\" is not one of " + names;
      },
      std::move(description));
}

// The error message of a failed parse of `app`. CLI11's own names unexpected arguments in reverse
// order, and types instead of values.
inline std::string MessageOf(const CLI::App& app, const CLI::ParseError& error) {
  std::string message = error.what();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !app.remaining().empty()) {
    const std::string first = app.remaining().front();
    const bool is_option = first.size() > 1 && first.starts_with('-');
    return (is_option ? "unknown option " : "unexpected argument ") + first;
  }
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    const std::string name = message.substr(0, message.find_first_of(": "));
    const CLI::Option* option = app.get_option_no_throw(name);
    if (message.ends_with(" missing") && option != nullptr) {
      return name + " needs a value: " + option->get_type_name();
    }
    if (message.ends_with("flag override")) {
      return (name.starts_with('-') ? "" : "--") + name + " takes no value";
    }
    if (message.find("received") != std::string::npos) return name + " is given twice";
  }
  return message;
}

}  // namespace smile
