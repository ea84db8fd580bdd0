#include "client/smilecat/user_presence.h"

#include "client/blocking.h"
#include "model/key.h"

namespace smile::cat {
namespace {

class Finder {
 public:
  Finder(Client* client, uint64_t user, int64_t deadline_millis)
      : client_(client), user_(user), options_{.deadline_millis = deadline_millis} {}

  Result<bool> Has(UserPart part) {
    switch (part) {
      case UserPart::kRecords:
        return HasRecords(Table::kUsers);
      case UserPart::kPosts:
        return HasRecords(Table::kPosts);
      case UserPart::kLinks:
        return HasLinks();
      case UserPart::kMedia:
        return HasMedia();
      case UserPart::kLogins:
        break;
    }
    return HasLogins();
  }

 private:
  // Expired records make empty pages.
  Result<bool> HasRecords(Table table) {
    const Bytes partition = PartitionOf(user_);
    ScanReader records(&client_, {.partition = {table, partition}, .limit = 1, .keys_only = true},
                       options_);
    const bool has = records.Next() != nullptr;
    if (!records.status().ok()) return records.status();
    return has;
  }

  Result<bool> HasLinks() {
    const auto counts = client_.Call<op::LinkCounts>({.user = user_}, options_);
    if (!counts.ok()) return counts.status();
    return !counts->counts.empty();
  }

  Result<bool> HasLogins() {
    const auto list = client_.Call<op::LoginList>({.user = user_}, options_);
    if (!list.ok()) return list.status();
    return !list->logins.empty();
  }

  Result<bool> HasMedia() {
    const auto page = client_.Call<op::MediaList>({.owner = user_, .limit = 1}, options_);
    if (!page.ok()) return page.status();
    return !page->entries.empty() || !page->continuation.empty();
  }

  BlockingClient client_;
  const uint64_t user_;
  const CallOptions options_;
};

}  // namespace

Result<std::vector<UserPart>> FindParts(Client* client, uint64_t user, int64_t deadline_millis) {
  Finder finder(client, user, deadline_millis);
  std::vector<UserPart> parts;
  for (const UserPartInfo& info : kUserParts) {
    SMILE_ASSIGN(const bool has, finder.Has(info.part));
    if (has) parts.push_back(info.part);
  }
  return parts;
}

std::string NamesOf(const std::vector<UserPart>& parts) {
  std::string names;
  for (size_t i = 0; i < parts.size(); ++i) {
    names += i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ";
    names += kUserParts[static_cast<size_t>(parts[i])].name;
  }
  return names;
}

}  // namespace smile::cat
