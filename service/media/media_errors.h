// Checks and messages that the files of the media service share.
#pragma once

#include <optional>
#include <string>

#include "base/limits.h"
#include "base/status.h"
#include "service/media/media_records.h"

namespace smile {

inline Status NoSuchMedia() {
  return {Code::kNotFound, "no such media record"};
}

inline Status MediaIdIsTaken() {
  return {Code::kConditionFailed, "there is a media record of this id already"};
}

inline Status CheckFields(const MediaFields& fields) {
  if (fields.size() <= limits::kMaxMediaFieldBytes) return {};
  return {Code::kTooLarge, "content type, name and custom fields have " +
                               std::to_string(fields.size()) + " bytes, more than " +
                               std::to_string(limits::kMaxMediaFieldBytes)};
}

inline Status CheckSha256(const std::optional<Sha256Digest>& declared, const Sha256Digest& found) {
  if (!declared || *declared == found) return {};
  return {Code::kConditionFailed,
          "the content's SHA-256 is " + found.ToHex() + ", not the declared one"};
}

}  // namespace smile
