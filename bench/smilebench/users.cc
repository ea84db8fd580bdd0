#include "bench/smilebench/users.h"

#include <array>
#include <iterator>
#include <string_view>

#include <fmt/format.h>

#include "base/hash.h"
#include "bench/smilebench/random.h"

namespace smile::bench {
namespace {

constexpr std::array<std::string_view, 32> kGivenNames = {
    "ada",   "noor",  "jonas", "mei",   "pedro", "amina", "lukas", "sofia",
    "yusuf", "elena", "arjun", "freya", "kwame", "hana",  "mateo", "ingrid",
    "omar",  "zofia", "diego", "leila", "tomas", "priya", "emil",  "naomi",
    "ravi",  "clara", "hugo",  "aisha", "milan", "yara",  "felix", "chiara"};
constexpr std::array<std::string_view, 32> kSurnames = {
    "okafor",   "lindgren", "tanaka",  "moreau",  "silva",    "novak",  "haddad", "keller",
    "iyer",     "osei",     "romano",  "petrov",  "jansen",   "castro", "nguyen", "brandt",
    "farouk",   "dubois",   "kovacs",  "mwangi",  "andersen", "suzuki", "vargas", "weber",
    "chaudhry", "ferrari",  "sokolov", "adeyemi", "horvat",   "larsen", "mendes", "zhao"};
constexpr std::array<std::string_view, 8> kMailDomains = {
    "mail.example",   "post.example",   "inbox.example",   "letters.example",
    "campus.example", "studio.example", "company.example", "family.example"};
constexpr std::array<std::string_view, 16> kTowns = {
    "Lisboa", "Zürich", "Kraków", "Nairobi", "Osaka",    "Lima",    "Århus", "Accra",
    "Pune",   "Leeds",  "Hanoi",  "İzmir",   "Valencia", "Toronto", "Graz",  "Dakar"};
constexpr std::array<std::string_view, 64> kWords = {
    "I",        "like",   "long",     "walks",   "and",       "short",   "films",     "with",
    "my",       "family", "friends",  "the",     "mountains", "cooking", "for",       "people",
    "music",    "from",   "old",      "records", "reading",   "in",      "trains",    "teaching",
    "at",       "school", "football", "on",      "Sundays",   "cycling", "to",        "work",
    "a",        "small",  "garden",   "cats",    "dogs",      "photos",  "of",        "places",
    "where",    "nobody", "goes",     "sailing", "when",      "it",      "rains",     "tea",
    "painting", "badly",  "but",      "often",   "learning",  "new",     "languages", "always",
    "looking",  "good",   "coffee",   "never",   "without",   "bread",   "singing",   "late"};
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr size_t kSaltDigits = 22;  // 16 bytes in base 64
constexpr size_t kHashDigits = 43;  // 32 bytes

// What a user's records are made of are different numbers.
enum class Part : uint64_t { kLogin = 1, kCredential, kProfile };

Random NumbersOf(uint64_t user, Part part) {
  return Random(Random(user).Next() + static_cast<uint64_t>(part));
}

template <class List>
std::string_view OneOf(const List& list, Random* random) {
  return list[random->Below(list.size())];
}

void AppendBase64(size_t digits, Random* random, Bytes* out) {
  for (size_t i = 0; i < digits; ++i) out->push_back(kBase64[random->Below(kBase64.size())]);
}

struct Name {
  std::string_view given;
  std::string_view surname;
};

Name NameOf(Random* login) {
  const std::string_view given = OneOf(kGivenNames, login);
  return {given, OneOf(kSurnames, login)};
}

}  // namespace

Bytes LoginOf(uint64_t user) {
  Random random = NumbersOf(user, Part::kLogin);
  const Name name = NameOf(&random);
  return fmt::format("{}.{}.{}@{}", name.given, name.surname, user, OneOf(kMailDomains, &random));
}

Key LoginKeyOf(uint64_t user) {
  return UserKey(Hash64(LoginOf(user)), "login");
}

Key ProfileKeyOf(uint64_t user) {
  return UserKey(user, "profile");
}

void MakeLoginRecord(uint64_t user, Bytes* value) {
  value->clear();
  fmt::format_to(std::back_inserter(*value), "{} $argon2id$v=19$m=19456,t=2,p=1$", user);
  Random random = NumbersOf(user, Part::kCredential);
  AppendBase64(kSaltDigits, &random, value);
  value->push_back('$');
  AppendBase64(kHashDigits, &random, value);
}

void MakeProfile(uint64_t user, Bytes* value) {
  Random login = NumbersOf(user, Part::kLogin);
  const Name name = NameOf(&login);
  Random random = NumbersOf(user, Part::kProfile);
  value->clear();
  fmt::format_to(std::back_inserter(*value),
                 R"({{"name":"{} {}","born":"{}-{:02}-{:02}","town":"{}","joined":{},)", name.given,
                 name.surname, 1940 + random.Below(70), 1 + random.Below(12), 1 + random.Below(28),
                 OneOf(kTowns, &random), 1'577'836'800 + random.Below(200'000'000));
  fmt::format_to(std::back_inserter(*value), R"("photo":"{:016x}{:016x}","seen_by":"{}","about":")",
                 random.Next(), random.Next(), random.Below(4) == 0 ? "everybody" : "friends");
  const uint64_t words = 12 + random.Below(60);
  for (uint64_t i = 0; i < words; ++i) {
    if (i > 0) value->push_back(' ');
    *value += OneOf(kWords, &random);
  }
  *value += "\"}";
}

}  // namespace smile::bench
